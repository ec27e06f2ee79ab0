import { useFormStyle } from '../shared/editor/form';
import type { HandoverProps } from './exchange-handover.props';

useFormStyle();

RED.nodes.registerType<HandoverProps>('exchange-handover', {
  category: '区域互联',
  icon: 'exchange-handover.svg',
  color: '#9DB3C1',
  inputs: 1,
  outputs: 0,
  defaults: {
    name: { value: '' },
  },
  label() {
    return this.name || this._('exchange-handover.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('exchange-handover.label');
  },
  inputLabels() {
    return this._('exchange-handover.input');
  },
});
