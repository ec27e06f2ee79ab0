import { configIfAny, selectSole } from '../shared/editor/config-choice';
import { useFormStyle } from '../shared/editor/form';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import type { EditorNode } from '../shared/editor/red';
import { webAddress, wholeNumber } from '../shared/editor/validate';
import type { CheckProps } from './exchange-check.props';

useFormStyle();

RED.nodes.registerType<CheckProps>('exchange-check', {
  category: '区域互联',
  icon: 'exchange-check.svg',
  color: '#9FBF8F',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    bookingUrl: {
      value: 'http://127.0.0.1:1880/exchange/AppointmentDealInterface',
      validate: webAddress('bookingUrl'),
    },
    patientNo: { value: '' },
    patientType: { value: '1' },
    archive: { value: '', type: 'dicom-peer', required: false, validate: configIfAny('archive') },
    pacs: { value: '', type: 'dicom-peer', required: false, validate: configIfAny('pacs') },
    reportFile: { value: '' },
    writes: { value: 'simulator' },
    periodDays: { value: '30', validate: wholeNumber('periodDays', 1, 3650) },
    folder: { value: 'exchange-evidence' },
  },
  label() {
    return this.name || this._('exchange-check.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('exchange-check.label');
  },
  inputLabels() {
    return this._('exchange-check.input');
  },
  outputLabels() {
    return this._('exchange-check.output');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    selectSole(this, 'archive', 'dicom-peer');
    listReportFiles(this);
    $('#exchange-check-report').on('click', () => openReport(this));
  },
});

/** The nodes that publish; the empty choice takes the first of them. */
function listReportFiles(node: EditorNode & CheckProps): void {
  const select = $('#node-input-reportFile');
  select.append($('<option>', { value: '' }).text(node._('exchange-check.first')));
  RED.nodes.eachNode(other => {
    if (other.type !== 'report-file' || (other as EditorNode & { mode?: string }).mode === 'fetch') return;
    select.append($('<option>', { value: other.id }).text(RED.utils.getNodeLabel(other, other.id)));
  });
  select.val(node.reportFile);
}

/** In a tab of its own. It is fetched by the editor: the new tab would have no login. */
function openReport(node: EditorNode): void {
  const place = $('#exchange-check-no-report').text('');
  $.ajax({ url: `exchange-check/${node.id}/report`, dataType: 'html' })
    .done((page: string) => {
      const address = URL.createObjectURL(new Blob([page], { type: 'text/html' }));
      window.open(address, '_blank', 'noopener');
    })
    .fail(() => place.text(node._('exchange-check.no-report')));
}
