/**
 * The message store on a SQL Server of the developer's choice: TEST_MSSQL_URL=mssql://user:password@host:port/database,
 * a database for tests, whose tables of the store are removed. No SQL Server can be installed in CI, which skips this;
 * what CI does show is in test/unit/store-sql.test.ts.
 */
import assert from 'node:assert/strict';
import mssql from 'mssql';
import { openStore } from '../../lib/store/open-store';
import type { SqlServerSettings } from '../../lib/store/settings';
import { storeConformance } from '../support/store-conformance';
import { sharedStoreConformance } from '../support/store-shared';
import { TestClock } from '../support/test-clock';

const address = process.env['TEST_MSSQL_URL'];

/** @param url its search part may name a TLS preset: `?tls=trust` */
function settingsOf(url: URL): SqlServerSettings {
  const tls = url.searchParams.get('tls') ?? 'off';
  assert.ok(tls === 'off' || tls === 'verify' || tls === 'trust' || tls === 'legacy');
  return {
    kind: 'sqlserver',
    host: url.hostname,
    ...(url.port && { port: Number(url.port) }),
    database: url.pathname.slice(1),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    tls,
    secret: 'TEST-SECRET',
    clock: 'caller',
  };
}

const TABLES = ['message', 'audit', 'tally', 'keyring', 'meta'];

describe('message store in SQL Server (TEST_MSSQL_URL)', function () {
  this.timeout(120_000);
  const settings = address === undefined ? undefined : settingsOf(new URL(address));
  let pool: mssql.ConnectionPool;
  before(async function () {
    if (!settings) return this.skip();
    assert.match(settings.database, /test/i, 'a database whose tables may be removed has "test" in its name');
    const { host: server, port = 1433, database, user, password, tls } = settings;
    const options = { encrypt: tls !== 'off', trustServerCertificate: true };
    pool = new mssql.ConnectionPool({ server, port, database, user, password, options });
    pool.on('error', () => {});
    await pool.connect();
    return undefined;
  });
  after(() => pool?.close());

  const empty = async (): Promise<SqlServerSettings> => {
    assert.ok(settings);
    for (const table of TABLES) {
      const known = `select 1 from sys.tables where name = N'${table}' and schema_id = schema_id()`;
      await pool.query(`if exists (${known}) drop table ${table}`);
    }
    return settings;
  };

  describe('alone', () => {
    storeConformance(async () => {
      const clock = new TestClock();
      const store = await openStore(await empty(), { clock });
      return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
    });
  });

  describe('shared by several processes', () => {
    sharedStoreConformance(async clock => {
      const emptied = await empty();
      return Promise.all([openStore(emptied, { clock, in: 'caller' }), openStore(emptied, { clock })]);
    });
  });
});
