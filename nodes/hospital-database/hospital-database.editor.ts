import { showCases } from '../shared/editor/cases';
import { useFormStyle } from '../shared/editor/form';
import type { EditorNode, Validator } from '../shared/editor/red';
import { prepareSecrets } from '../shared/editor/secrets';
import { runTest, showTest, valueOf } from '../shared/editor/test-button';
import { filled, hostName, optionalNumber, wholeNumber } from '../shared/editor/validate';
import type { HospitalDatabaseCredentials, HospitalDatabaseProps } from './hospital-database.props';

type Database = EditorNode & Partial<HospitalDatabaseProps>;

/** What the test button passes on. */
const ASKED =
  'kind file host port instance database domain tls caFile connectTimeout timeout user password'.split(' ');

useFormStyle();

RED.nodes.registerType<HospitalDatabaseProps, HospitalDatabaseCredentials>('hospital-database', {
  category: 'config',
  icon: 'hospital-database.svg',
  color: '#D9A75F',
  defaults: {
    name: { value: '' },
    kind: { value: 'sqlserver' },
    file: { value: 'hospital.db', validate: only('sqlite', filled('file')) },
    testData: { value: false },
    host: { value: '', validate: only('sqlserver', hostName('host')) },
    port: { value: '', validate: only('sqlserver', optionalNumber('port', 1, 65_535)) },
    instance: { value: '' },
    database: { value: '', validate: only('sqlserver', filled('database')) },
    domain: { value: '' },
    tls: { value: 'verify' },
    caFile: { value: '' },
    connectTimeout: { value: '10', validate: only('sqlserver', wholeNumber('connectTimeout', 1, 60)) },
    timeout: { value: '30', validate: only('sqlserver', wholeNumber('timeout', 1, 3600)) },
    connections: { value: '5', validate: only('sqlserver', wholeNumber('connections', 1, 50)) },
    mostRows: { value: '10000', validate: wholeNumber('mostRows', 1, 1_000_000) },
    applicationName: { value: '' },
    readOnly: { value: false },
  },
  credentials: {
    user: { type: 'text' },
    password: { type: 'password' },
  },
  label() {
    return this.name || this.database || this._('hospital-database.label');
  },
  paletteLabel() {
    return this._('hospital-database.label');
  },
  oneditprepare() {
    prepareSecrets(this);
    $('#node-config-input-kind, #node-config-input-tls').on('change', showRows);
    $('#hospital-database-test').on('click', event => test(this, $(event.currentTarget)));
    showRows();
  },
});

/** What a database of the other kind does not use is not looked at: its row is hidden. */
function only(kind: HospitalDatabaseProps['kind'], check: Validator): Validator {
  // Node-RED shows a reason only of a function that declares both parameters.
  return function (this: EditorNode, value: unknown, options: unknown) {
    const own = (this as Database).kind === 'sqlite' ? 'sqlite' : 'sqlserver';
    return own === kind ? check.call(this, value, options) : true;
  };
}

function showRows(): void {
  const kind = valueOf('kind');
  showCases($('.hospital-database-form'), kind === 'sqlite' ? [kind] : [kind, valueOf('tls')]);
}

/** With the values as they stand in the form. */
function test(node: EditorNode, button: JQuery): void {
  const result = $('#hospital-database-result');
  if (valueOf('kind') === 'sqlserver' && !(valueOf('host') && valueOf('database')))
    return showTest(result, false, node._('hospital-database.test.incomplete'));
  const values = Object.fromEntries(ASKED.map(name => [name, valueOf(name)]));
  runTest(node, button, result, 'hospital-database/test', values);
}
