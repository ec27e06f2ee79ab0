import { showCases } from '../shared/editor/cases';
import { adoptSole, configChosen, selectSole } from '../shared/editor/config-choice';
import { useFormStyle } from '../shared/editor/form';
import { filled, wholeNumber } from '../shared/editor/validate';
import type { DatabaseRunProps } from './database-run.props';
import { prepareParameters, readParameters } from './parameter-list.editor';

useFormStyle();

RED.nodes.registerType<DatabaseRunProps>('database-run', {
  category: '区域互联',
  icon: 'database-run.svg',
  color: '#8FAE6B',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    database: { value: '', type: 'hospital-database', validate: configChosen('database') },
    kind: { value: 'sql' },
    statement: { value: '', validate: filled('statement') },
    sqlParameters: { value: [] },
    output: { value: 'rows' },
    batch: { value: '500', validate: wholeNumber('batch', 1, 100_000) },
    pace: { value: 'free' },
    repeatable: { value: false },
  },
  label() {
    return this.name || this._('database-run.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('database-run.label');
  },
  inputLabels() {
    return this._('database-run.input');
  },
  outputLabels() {
    return this._(this.output === 'stream' ? 'database-run.port.batches' : 'database-run.port.rows');
  },
  onadd() {
    adoptSole(this, 'database', 'hospital-database');
  },
  oneditprepare() {
    selectSole(this, 'database', 'hospital-database');
    prepareParameters(this, this.sqlParameters ?? []);
    $('#node-input-kind, #node-input-output').on('change', showRows);
    showRows();
  },
  oneditsave() {
    this.sqlParameters = readParameters();
  },
});

function showRows(): void {
  const chosen = ['kind', 'output'].map(name => String($(`#node-input-${name}`).val()));
  showCases($('.database-run-form'), chosen);
}
