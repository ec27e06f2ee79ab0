import { showCases } from '../shared/editor/cases';
import { adoptSole, configChosen, selectSole } from '../shared/editor/config-choice';
import { deliveryDefaults, prepareDelivery } from '../shared/editor/delivery';
import { useFormStyle } from '../shared/editor/form';
import { preparePropertyInput } from '../shared/editor/message-property';
import type { EditorNode } from '../shared/editor/red';
import type { SendProps } from './dicom-send.props';
import { filled } from '../shared/editor/validate';
import { ifShare, objectTemplate, organization } from './validators.editor';

/** Node-RED keeps how many outputs a node has among its properties; the runtime does not need to know. */
type EditorProps = SendProps & { outputs: number };

const OUTPUTS = ['accepted', 'not-accepted', 'progress'];

useFormStyle();

RED.nodes.registerType<EditorProps>('dicom-send', {
  category: '区域互联',
  icon: 'dicom-send.svg',
  color: '#7DB8AE',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    store: {
      value: '',
      type: 'exchange-store',
      validate: configChosen<EditorNode & SendProps>('store', ({ delivery }) => delivery !== 'direct'),
    },
    target: { value: 'storage' },
    peer: {
      value: '',
      type: 'dicom-peer',
      validate: configChosen<EditorNode & SendProps>('peer', ({ target }) => target !== 'share'),
    },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    efilm: { value: false },
    efilmNewUids: { value: false },
    commitment: { value: false },
    directory: { value: '', validate: ifShare(filled('directory')) },
    template: {
      value: '{org}/{yyyyMMdd}/{accession}/{sopuid}.dcm',
      validate: ifShare(objectTemplate('template')),
    },
    organization: { value: '', validate: ifShare(organization('organization')) },
    progress: { value: false },
    outputs: { value: 2 },
    ...deliveryDefaults,
  },
  label() {
    return this.name || this._('dicom-send.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('dicom-send.label');
  },
  inputLabels() {
    return this._('dicom-send.input');
  },
  outputLabels(index) {
    return this._(`dicom-send.output.${OUTPUTS[index] ?? ''}`);
  },
  onadd() {
    adoptSole(this, 'store', 'exchange-store');
    adoptSole(this, 'peer', 'dicom-peer');
  },
  oneditprepare() {
    selectSole(this, 'store', 'exchange-store');
    selectSole(this, 'peer', 'dicom-peer');
    preparePropertyInput();
    prepareDelivery(this);
    $('#node-input-target, #node-input-efilm, #node-input-delivery').on('change', showRows);
    $('#node-input-progress').on('change', countOutputs);
    showRows();
    countOutputs();
  },
});

/** Shows the rows that matter for where the images go. */
function showRows(): void {
  const efilm = $('#node-input-efilm').is(':checked') ? 'efilm' : '';
  showCases($('.dicom-send-form'), [
    String($('#node-input-target').val()),
    String($('#node-input-delivery').val()),
    efilm,
  ]);
}

/** The third output, and the wires at it, are there only for progress. */
function countOutputs(): void {
  $('#node-input-outputs').val($('#node-input-progress').is(':checked') ? 3 : 2);
}
