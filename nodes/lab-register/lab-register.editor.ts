import { useFormStyle } from '../shared/editor/form';
import { mappingEditor } from '../shared/editor/mapping';
import { preparePropertyInput } from '../shared/editor/message-property';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import type { LabRegisterProps } from './lab-register.props';
import { labTables } from './lab-register.tables';

useFormStyle();
const mapping = mappingEditor(labTables);

RED.nodes.registerType<LabRegisterProps>('lab-register', {
  category: '区域互联',
  icon: 'lab-register.svg',
  color: '#87BD83',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    mapping: { value: [], validate: mapping.validate },
    sameNames: { value: true },
  },
  label() {
    return this.name || this._('lab-register.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('lab-register.label');
  },
  inputLabels() {
    return this._('lab-register.input');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'lab-register.output.accepted' : 'lab-register.output.not-accepted');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    preparePropertyInput();
    mapping.prepare(this);
  },
  oneditsave() {
    this.mapping = mapping.read();
  },
});
