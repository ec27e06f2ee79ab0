import { showCases } from '../shared/editor/cases';
import { adoptSole, configChosen, selectSole } from '../shared/editor/config-choice';
import { deliveryDefaults, prepareDelivery } from '../shared/editor/delivery';
import { useFormStyle } from '../shared/editor/form';
import { preparePropertyInput } from '../shared/editor/message-property';
import type { EditorNode, Validator } from '../shared/editor/red';
import { filled, wholeNumber } from '../shared/editor/validate';
import type { RetrieveProps } from './dicom-retrieve.props';

type Node = EditorNode & RetrieveProps;

useFormStyle();

RED.nodes.registerType<RetrieveProps>('dicom-retrieve', {
  category: '区域互联',
  icon: 'dicom-retrieve.svg',
  color: '#7DB8AE',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    store: {
      value: '',
      type: 'exchange-store',
      validate: configChosen<Node>(
        'store',
        ({ delivery, method }) => delivery !== 'direct' && method !== 'find',
      ),
    },
    peer: { value: '', type: 'dicom-peer', validate: configChosen('peer') },
    method: { value: 'get' },
    station: {
      value: '',
      type: 'dicom-station',
      validate: configChosen<Node>('station', ({ method }) => method === 'move'),
    },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    level: { value: 'STUDY' },
    folder: { value: 'dicom-retrieved', validate: ifGet(filled('folder')) },
    keepDays: { value: '7', validate: wholeNumber('keepDays', 0, 36_500) },
    timeout: { value: '600', validate: wholeNumber('timeout', 1, 86_400) },
    ...deliveryDefaults,
  },
  label() {
    return this.name || this._('dicom-retrieve.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('dicom-retrieve.label');
  },
  inputLabels() {
    return this._('dicom-retrieve.input');
  },
  outputLabels(index) {
    if (this.method === 'find')
      return index === 0 ? this._('dicom-retrieve.output.answers') : this._('dicom-retrieve.output.unused');
    return index === 0
      ? this._('dicom-retrieve.output.complete')
      : this._('dicom-retrieve.output.not-complete');
  },
  onadd() {
    adoptSole(this, 'store', 'exchange-store');
    adoptSole(this, 'peer', 'dicom-peer');
    if (this.method === 'move') adoptSole(this, 'station', 'dicom-station');
  },
  oneditprepare() {
    selectSole(this, 'store', 'exchange-store');
    selectSole(this, 'peer', 'dicom-peer');
    selectSole(this, 'station', 'dicom-station');
    preparePropertyInput();
    prepareDelivery(this);
    $('#node-input-method, #node-input-delivery').on('change', showRows);
    showRows();
  },
});

/** What another method does not use is not looked at: its row is hidden. */
function ifGet(check: Validator): Validator {
  // Node-RED shows a reason only of a function that declares both parameters.
  return function (this: EditorNode & Partial<RetrieveProps>, value: unknown, options: unknown) {
    return this.method === 'move' || this.method === 'find' || check.call(this, value, options);
  };
}

/** Shows the rows that the method needs. */
function showRows(): void {
  const cases = [String($('#node-input-method').val()), String($('#node-input-delivery').val())];
  showCases($('.dicom-retrieve-form'), cases);
}
