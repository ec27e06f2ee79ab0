// One way to read all results, in a process of its own. Arguments: way, port or file. Sends what it took, without the
// way to the database.
import { createRequire } from 'node:module';
import { SqliteDriver } from '../../dist/lib/database/sqlite-driver.js';
import { SqlServerDriver } from '../../dist/lib/database/sqlserver-driver.js';

const require = createRequire(import.meta.url);
const [way, where] = process.argv.slice(2);
const QUERY = 'select * from result';
const BATCH = 500;
const login = { database: 'lis', user: 'bench', password: 'PLACEHOLDER' };

/** Each connects, and gives a function that reads all rows and says how many there were. */
const ways = {
  async 'our SQL Server driver'() {
    return reader(
      new SqlServerDriver({
        ...login,
        kind: 'sqlserver',
        host: '127.0.0.1',
        port: Number(where),
        tls: 'off',
        connectMs: 5000,
        requestMs: 60_000,
        connections: 1,
        readOnly: false,
        mostRows: 10,
      }),
    );
  },
  async mssql() {
    const mssql = require('mssql');
    const pool = new mssql.ConnectionPool({
      ...login,
      server: '127.0.0.1',
      port: Number(where),
      options: { encrypt: false },
    });
    await pool.connect();
    return () =>
      new Promise((resolve, reject) => {
        let count = 0;
        const request = pool.request();
        request.stream = true;
        request
          .on('row', row => (count += row.patient_name ? 1 : 0))
          .on('error', reject)
          .on('done', () => resolve(count));
        request.query(QUERY);
      });
  },
  async 'our SQLite driver'() {
    return reader(new SqliteDriver({ kind: 'sqlite', file: where, mostRows: 10 }));
  },
  async '@photostructure/sqlite'() {
    const { DatabaseSync } = require('@photostructure/sqlite');
    const database = new DatabaseSync(where);
    const statement = database.prepare(QUERY);
    return () => {
      let count = 0;
      for (const row of statement.iterate()) count += row.patient_name ? 1 : 0;
      return count;
    };
  },
};

async function reader(driver) {
  await driver.run({ kind: 'sql', text: 'select 1 as one' });
  return async () => {
    let count = 0;
    for await (const rows of driver.stream({ kind: 'sql', text: QUERY }, [], { batch: BATCH }))
      for (const row of rows) count += row.patient_name ? 1 : 0;
    return count;
  };
}

const read = await ways[way]();
const cpu = process.cpuUsage();
const startedAt = performance.now();
const rows = await read();
const wallMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpu);
process.send(
  { rows, wallMs, cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 },
  () => process.exit(),
);
