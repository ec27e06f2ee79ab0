import { showCases } from '../shared/editor/cases';
import { useFormStyle } from '../shared/editor/form';
import { prepareSecrets } from '../shared/editor/secrets';
import { prepareTabs } from '../shared/editor/tabs';
import { filled, hostName, optionalNumber, wholeNumber } from '../shared/editor/validate';
import type { StoreCredentials, StoreProps } from './exchange-store.props';
import { contentDays, ifEmbedded, ifPostgresql, ifShared, schemaName } from './validators.editor';

const TABS = ['place', 'retry', 'keeping', 'encryption'];
/** What an empty port means. */
const PORTS: Readonly<Record<string, string>> = { postgresql: '5432', sqlserver: '1433' };
/** As the runtime reads them. */
const MOST_DAYS = 36_500;

useFormStyle();

RED.nodes.registerType<StoreProps, StoreCredentials>('exchange-store', {
  category: 'config',
  icon: 'exchange-store.svg',
  color: '#D9A75F',
  defaults: {
    name: { value: '' },
    kind: { value: 'embedded' },
    file: { value: 'exchange-store.db', validate: ifEmbedded(filled('file')) },
    maxMiB: { value: '', validate: ifEmbedded(optionalNumber('maxMiB', 1, 1_048_576)) },
    host: { value: '', validate: ifShared(hostName('host')) },
    port: { value: '', validate: ifShared(optionalNumber('port', 1, 65_535)) },
    database: { value: '', validate: ifShared(filled('database')) },
    schema: { value: 'exchange_store', validate: ifPostgresql(schemaName('schema')) },
    tls: { value: 'verify' },
    caFile: { value: '' },
    firstDelay: { value: '5', validate: wholeNumber('firstDelay', 1, 3600) },
    maxDelay: { value: '600', validate: wholeNumber('maxDelay', 1, 86_400) },
    maxTries: { value: '12', validate: wholeNumber('maxTries', 1, 1000) },
    maxAge: { value: '168', validate: wholeNumber('maxAge', 1, 8760) },
    repeatAfter: { value: '60', validate: wholeNumber('repeatAfter', 1, 86_400) },
    keepContents: { value: '30', validate: contentDays('keepContents', MOST_DAYS) },
    keepMessages: { value: '90', validate: wholeNumber('keepMessages', 1, MOST_DAYS) },
    keepAudit: { value: '180', validate: wholeNumber('keepAudit', 180, MOST_DAYS) },
  },
  credentials: {
    key: { type: 'password' },
    previousKey: { type: 'password' },
    user: { type: 'text' },
    password: { type: 'password' },
  },
  label() {
    return this.name || this._('exchange-store.label');
  },
  paletteLabel() {
    return this._('exchange-store.label');
  },
  oneditprepare() {
    prepareTabs(this, TABS);
    prepareSecrets(this);
    $('#node-config-input-kind, #node-config-input-tls').on('change', showRows);
    $('#node-config-input-file').on('input', showKeyFile);
    showRows();
    showKeyFile();
  },
});

/** Shows the rows that the kind of store needs. */
function showRows(): void {
  const kind = String($('#node-config-input-kind').val());
  const tls = $('#node-config-input-tls');
  // Only old SQL Servers speak old TLS.
  const old = kind === 'sqlserver';
  if (!old && tls.val() === 'legacy') tls.val('verify');
  tls.find('[value="legacy"]').prop({ disabled: !old, hidden: !old });
  $('#node-config-input-port').attr('placeholder', PORTS[kind] ?? '');
  const shared = kind === 'embedded' ? [] : ['shared', String(tls.val())];
  showCases($('.exchange-store-form'), [kind, ...shared]);
}

/** Names the file that keeps the key when none is given. */
function showKeyFile(): void {
  const file = String($('#node-config-input-file').val()).trim() || 'exchange-store.db';
  $('#exchange-store-key-file').text(`${file}.key`);
}
