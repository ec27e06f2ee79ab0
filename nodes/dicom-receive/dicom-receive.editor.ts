import { adoptSole, configChosen, selectSole } from '../shared/editor/config-choice';
import { useFormStyle } from '../shared/editor/form';
import { wholeNumber } from '../shared/editor/validate';
import type { ReceiveProps } from './dicom-receive.props';

useFormStyle();

RED.nodes.registerType<ReceiveProps>('dicom-receive', {
  category: '区域互联',
  icon: 'dicom-receive.svg',
  color: '#7DB8AE',
  inputs: 0,
  outputs: 1,
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'exchange-store', validate: configChosen('store') },
    station: { value: '', type: 'dicom-station', validate: configChosen('station') },
    quietTime: { value: '30', validate: wholeNumber('quietTime', 1, 86_400) },
    onRelease: { value: true },
    handover: { value: 'auto' },
  },
  label() {
    return this.name || this._('dicom-receive.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('dicom-receive.label');
  },
  outputLabels() {
    return this._('dicom-receive.output');
  },
  onadd() {
    adoptSole(this, 'store', 'exchange-store');
    adoptSole(this, 'station', 'dicom-station');
  },
  oneditprepare() {
    selectSole(this, 'store', 'exchange-store');
    selectSole(this, 'station', 'dicom-station');
  },
});
