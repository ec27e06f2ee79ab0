import { useFormStyle } from '../shared/editor/form';
import { preparePropertyInput } from '../shared/editor/message-property';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import type { ReportQueryProps } from './report-query.props';

useFormStyle();

RED.nodes.registerType<ReportQueryProps>('report-query', {
  category: '区域互联',
  icon: 'report-query.svg',
  color: '#87BD83',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    service: { value: 'GetLabInfo' },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    idArguments: { value: 'documented' },
    fillRange: { value: false },
    output: { value: 'array' },
  },
  label() {
    return this.name || this._('report-query.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('report-query.label');
  },
  inputLabels() {
    return this._('report-query.input');
  },
  outputLabels() {
    return this._('report-query.found');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    preparePropertyInput();
  },
});
