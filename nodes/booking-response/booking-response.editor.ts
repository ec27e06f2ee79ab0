import { useFormStyle } from '../shared/editor/form';
import { preparePropertyInput } from '../shared/editor/message-property';
import { wholeNumber } from '../shared/editor/validate';
import type { BookingResponseProps } from './booking-response.props';

useFormStyle();

RED.nodes.registerType<BookingResponseProps>('booking-response', {
  category: '区域互联',
  icon: 'booking-response.svg',
  color: '#7FB0D6',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    maxItems: { value: '1000', validate: wholeNumber('maxItems', 1, 100000) },
    receiptDateStyle: { value: 'dash' },
    mergePdf: { value: true },
  },
  label() {
    return this.name || this._('booking-response.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('booking-response.label');
  },
  inputLabels() {
    return this._('booking-response.input');
  },
  outputLabels() {
    return this._('booking-response.output');
  },
  oneditprepare() {
    preparePropertyInput();
  },
});
