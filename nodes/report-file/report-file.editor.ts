import { showCases } from '../shared/editor/cases';
import { addressOf } from '../shared/editor/endpoint';
import { useFormStyle } from '../shared/editor/form';
import { preparePropertyInput } from '../shared/editor/message-property';
import { filled, httpPath, networkList, wholeNumber } from '../shared/editor/validate';
import type { ReportFileCredentials, ReportFileProps } from './report-file.props';
import { addressPrefix, nameTemplate } from './validators.editor';

useFormStyle();

RED.nodes.registerType<ReportFileProps, ReportFileCredentials>('report-file', {
  category: '区域互联',
  icon: 'report-file.svg',
  color: '#E3A48B',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    mode: { value: 'publish' },
    target: { value: 'http' },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    template: { value: '{yyyy}/{MM}/{report_form_no}.{ext}', validate: nameTemplate('template') },
    directory: { value: 'report-files', validate: filled('directory') },
    conflict: { value: 'replace' },
    urlPath: { value: '/exchange/reports', validate: httpPath('urlPath') },
    baseUrl: { value: '', validate: addressPrefix('baseUrl') },
    mountedAt: { value: '' },
    signed: { value: false },
    expiryDays: { value: '30', validate: wholeNumber('expiryDays', 0, 3650) },
    allowedNetworks: { value: '', validate: networkList('allowedNetworks') },
    trustProxy: { value: false },
    ftpHost: { value: '' },
    ftpPort: { value: '21', validate: wholeNumber('ftpPort', 1, 65535) },
    ftpSecure: { value: false },
    tls: { value: '', type: 'tls-config', required: false },
    maxMiB: { value: '50', validate: wholeNumber('maxMiB', 1, 1024) },
    timeout: { value: '60', validate: wholeNumber('timeout', 1, 3600) },
  },
  credentials: {
    ftpUser: { type: 'text' },
    ftpPassword: { type: 'password' },
    signKey: { type: 'password' },
  },
  label() {
    return this.name || this._('report-file.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('report-file.label');
  },
  inputLabels() {
    return this._('report-file.input');
  },
  outputLabels() {
    return this._('report-file.output');
  },
  oneditprepare() {
    preparePropertyInput();
    $('#node-input-mode, #node-input-target, #node-input-signed').on('change', showRows);
    $('#node-input-urlPath, #node-input-baseUrl').on('input change', showAddress);
    showRows();
    showAddress();
  },
});

/** Shows the rows that matter for what the node does. */
function showRows(): void {
  const fetching = $('#node-input-mode').val() === 'fetch';
  const place = fetching ? 'fetch' : String($('#node-input-target').val());
  const signing = place === 'http' && $('#node-input-signed').is(':checked');
  showCases($('.report-file-form'), [place, fetching ? '' : 'publish', signing ? 'signed' : '']);
}

/** Shows where the platform will fetch from. */
function showAddress(): void {
  const address = addressOf(String($('#node-input-urlPath').val()), String($('#node-input-baseUrl').val()));
  $('#report-file-address').text(`${address.replace(/\/+$/, '')}/…`);
}
