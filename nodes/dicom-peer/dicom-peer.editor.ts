import { aeTitle, optionalAeTitle } from '../shared/editor/dicom';
import { useFormStyle } from '../shared/editor/form';
import type { EditorNode, Validator } from '../shared/editor/red';
import { chosen, runTest, showTest, valueOf } from '../shared/editor/test-button';
import { hostName, validator, wholeNumber } from '../shared/editor/validate';
import type { PeerProps } from './dicom-peer.props';

/** Less holds no command, more only costs memory. */
const PDU_BYTES = { min: 4096, max: 16_777_216 };

useFormStyle();

RED.nodes.registerType<PeerProps>('dicom-peer', {
  category: 'config',
  icon: 'dicom-peer.svg',
  color: '#D9A75F',
  defaults: {
    name: { value: '' },
    aeTitle: { value: '', validate: aeTitle('aeTitle') },
    host: { value: '', validate: hostName('host') },
    port: { value: '104', validate: wholeNumber('port', 1, 65_535) },
    callingAeTitle: { value: '', validate: optionalAeTitle('callingAeTitle') },
    tls: { value: '', type: 'tls-config', required: false },
    associations: { value: '4', validate: wholeNumber('associations', 1, 32) },
    maxPdu: { value: '131072', validate: pduSize('maxPdu') },
    connectTimeout: { value: '10', validate: wholeNumber('connectTimeout', 1, 600) },
    timeout: { value: '60', validate: wholeNumber('timeout', 1, 3600) },
    characterSet: { value: 'GB18030' },
  },
  label() {
    return this.name || this.aeTitle || this._('dicom-peer.label');
  },
  paletteLabel() {
    return this._('dicom-peer.label');
  },
  oneditprepare() {
    $('#dicom-peer-echo').on('click', event => echo(this, $(event.currentTarget)));
  },
});

/** 0 for no limit, or bytes. */
function pduSize(property: string): Validator {
  return validator(property, text => {
    const bytes = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    return bytes === 0 || (bytes >= PDU_BYTES.min && bytes <= PDU_BYTES.max)
      ? undefined
      : { key: 'dicom-peer.invalid.maxPdu', values: PDU_BYTES };
  });
}

/** C-ECHO with the values as they stand in the form. */
function echo(node: EditorNode, button: JQuery): void {
  const result = $('#dicom-peer-echo-result');
  if (!valueOf('host') || !valueOf('aeTitle'))
    return showTest(result, false, node._('dicom-peer.test.incomplete'));
  const names = ['aeTitle', 'host', 'port', 'callingAeTitle', 'connectTimeout', 'timeout'] as const;
  const values = Object.fromEntries(names.map(name => [name, valueOf(name)]));
  runTest(node, button, result, 'dicom-peer/echo', { ...values, tls: chosen('tls') });
}
