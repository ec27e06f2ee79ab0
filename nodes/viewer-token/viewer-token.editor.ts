import { useFormStyle } from '../shared/editor/form';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import { prepareParameters, readParameters } from './parameter-list.editor';
import type { ViewerTokenCredentials, ViewerTokenProps } from './viewer-token.props';

useFormStyle();

RED.nodes.registerType<ViewerTokenProps, ViewerTokenCredentials>('viewer-token', {
  category: '区域互联',
  icon: 'viewer-token.svg',
  color: '#B7A3D9',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    page: { value: 'ClinicExam' },
    parameters: { value: [] },
    sendTimestamp: { value: true },
  },
  credentials: {
    userPwd: { type: 'password' },
  },
  label() {
    return this.name || this._('viewer-token.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('viewer-token.label');
  },
  inputLabels() {
    return this._('viewer-token.input');
  },
  outputLabels() {
    return this._('viewer-token.output');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    prepareParameters(this, this.parameters);
    const page = $('#node-input-page');
    const showPassword = (): unknown =>
      $('#viewer-token-password-row').toggle(page.val() === 'ClinicExamList');
    page.on('change', showPassword);
    showPassword();
  },
  oneditsave() {
    this.parameters = readParameters();
  },
});
