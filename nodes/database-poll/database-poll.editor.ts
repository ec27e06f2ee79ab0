import { showCases } from '../shared/editor/cases';
import { adoptSole, configChosen, selectSole } from '../shared/editor/config-choice';
import { useFormStyle } from '../shared/editor/form';
import type { Validator } from '../shared/editor/red';
import { filled, validator, wholeNumber } from '../shared/editor/validate';
import type { DatabasePollProps } from './database-poll.props';

useFormStyle();

/** Filled where the other settings need it. */
const neededBy = (property: string, needed: (node: Partial<DatabasePollProps>) => boolean): Validator =>
  validator(property, (text, node) =>
    text || !needed(node as Partial<DatabasePollProps>) ? undefined : { key: 'exchange.invalid.required' },
  );
const isTable = ({ mode }: Partial<DatabasePollProps>): boolean => mode !== 'procedure';
const isWatermark = ({ mode }: Partial<DatabasePollProps>): boolean => (mode ?? 'watermark') === 'watermark';

RED.nodes.registerType<DatabasePollProps>('database-poll', {
  category: '区域互联',
  icon: 'database-poll.svg',
  color: '#8FAE6B',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    database: { value: '', type: 'hospital-database', validate: configChosen('database') },
    store: { value: '', type: 'exchange-store', validate: configChosen('store') },
    mode: { value: 'watermark' },
    source: { value: '', validate: neededBy('source', isTable) },
    keys: { value: '', validate: filled('keys') },
    condition: { value: '' },
    shape: { value: 'one' },
    detailSource: {
      value: '',
      validate: neededBy('detailSource', node => isTable(node) && node.shape === 'detail'),
    },
    detailKeys: { value: '' },
    detailOrder: { value: '' },
    detailProperty: { value: 'lab_subitem' },
    interval: { value: '10', validate: wholeNumber('interval', 1, 86_400) },
    page: { value: '200', validate: wholeNumber('page', 1, 5000) },
    inFlight: { value: '50', validate: wholeNumber('inFlight', 1, 10_000) },
    parkAfter: { value: '20', validate: wholeNumber('parkAfter', 0, 1000) },
    watermark: { value: '', validate: neededBy('watermark', isWatermark) },
    watermarkKind: { value: 'datetime' },
    overlap: { value: '10', validate: wholeNumber('overlap', 0, 1_000_000) },
    start: { value: 'now' },
    rescanBack: { value: '3', validate: wholeNumber('rescanBack', 0, 100_000_000) },
    rescanEvery: { value: '24', validate: wholeNumber('rescanEvery', 1, 8760) },
    statusColumn: { value: '', validate: neededBy('statusColumn', ({ mode }) => mode === 'claim') },
    ownerColumn: { value: '' },
    leaseColumn: { value: '' },
    attemptsColumn: { value: '' },
    messageColumn: { value: '' },
    versionColumn: { value: '' },
    order: { value: '' },
    valueNew: { value: '0' },
    valueClaimed: { value: '1' },
    valueDone: { value: '2' },
    valueRejected: { value: '3' },
    lease: { value: '600', validate: wholeNumber('lease', 10, 86_400) },
    ackMoment: { value: 'outcome' },
    fetchProcedure: {
      value: '',
      validate: neededBy('fetchProcedure', ({ mode }) => mode === 'procedure'),
    },
    ackProcedure: { value: '' },
    handover: { value: 'auto' },
  },
  label() {
    return this.name || this._('database-poll.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('database-poll.label');
  },
  inputLabels() {
    return this._('database-poll.input');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'database-poll.port.rows' : 'database-poll.port.acknowledged');
  },
  onadd() {
    adoptSole(this, 'database', 'hospital-database');
    adoptSole(this, 'store', 'exchange-store');
  },
  oneditprepare() {
    selectSole(this, 'database', 'hospital-database');
    selectSole(this, 'store', 'exchange-store');
    $('#node-input-mode, #node-input-shape').on('change', showRows);
    showRows();
  },
});

function showRows(): void {
  const [mode, shape] = ['mode', 'shape'].map(name => String($(`#node-input-${name}`).val()));
  const cases = [mode, shape === 'detail' ? `${mode}-detail` : ''];
  showCases(
    $('.database-poll-form'),
    cases.filter(name => name !== undefined),
  );
}
