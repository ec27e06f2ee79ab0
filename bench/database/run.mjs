// npm run bench:database — all rows of a query by our drivers, in batches of 500, and by the bare ones that they stand
// on; each in a fresh process, in turn. The SQL Server is the loopback one of the tests, in a process of its own.
// Prints rows a second, CPU and peak memory of the whole process, and the ratios.
// Options: --rows 100000 --rounds 5
import { fork } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root } from '../../scripts/shared.mjs';
import { COLUMNS, rowAt } from './rows.mjs';

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } },
});
ensureInstalled();
ensureBuilt();

const MORE = 4;
const rows = Number(options.rows);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-database-'));
const script = name => path.join(root, 'bench/database', name);
const messageOf = child =>
  new Promise((resolve, reject) =>
    child.once('message', resolve).once('exit', code => reject(new Error(`exit ${code}`))),
  );
const load = os.loadavg()[0].toFixed(1);

// The server is written in TypeScript; those who are measured are not.
const startServer = count => fork(script('server.mjs'), [String(count)], { execArgv: ['--import', 'tsx'] });
const servers = [rows, MORE * rows].map(startServer);
try {
  const ports = await Promise.all(servers.map(messageOf));
  const files = [rows, MORE * rows].map(fill);
  await compare('SQL Server', ['our SQL Server driver', 'mssql'], ports);
  await compare('SQLite', ['our SQLite driver', '@photostructure/sqlite'], files);
} finally {
  for (const server of servers) server.disconnect();
  fs.rmSync(folder, { recursive: true, force: true });
}

function fill(count) {
  const file = path.join(folder, `${count}.db`);
  const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite');
  const database = new DatabaseSync(file);
  database.exec(`create table result (${COLUMNS.map(({ name }) => name).join(', ')}); begin`);
  const insert = database.prepare(`insert into result values (${COLUMNS.map(() => '?').join(', ')})`);
  for (let at = 0; at < count; at++) {
    const [no, name, item, result, id, time, abnormal] = rowAt(at);
    insert.run(no, name, item, Number(result), Number(id), time, abnormal);
  }
  database.exec('commit');
  database.close();
  return file;
}

async function compare(title, [ours, bare], [where, whereMore]) {
  const runs = { [ours]: [], [bare]: [], [`${ours}, ${MORE} × the rows`]: [] };
  const run = async (name, way, at, count) => {
    const figures = await messageOf(fork(script('client.mjs'), [way, String(at)], { execArgv: [] }));
    if (figures.rows !== count) throw new Error(`${name}: ${figures.rows} rows`);
    runs[name].push(figures);
  };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const way of [ours, bare]) await run(way, way, where, rows);
    await run(`${ours}, ${MORE} × the rows`, ours, whereMore, MORE * rows);
  }
  const median = (name, figure) =>
    runs[name].map(figure).toSorted((a, b) => a - b)[Math.floor(runs[name].length / 2)];
  const perSecond = figures => (figures.rows / figures.wallMs) * 1000;
  const cpu = figures => figures.cpuMs / figures.rows;
  console.log(
    `\n${title}: Node ${process.version}, load ${load}, ${rows} rows × ${COLUMNS.length} columns, ${options.rounds} rounds, medians`,
  );
  console.table(
    Object.fromEntries(
      Object.keys(runs).map(name => [
        name,
        {
          'rows/s': Math.round(median(name, perSecond)),
          'CPU µs a row': Number((median(name, cpu) * 1000).toFixed(1)),
          'peak MB': Math.round(median(name, figures => figures.rssMb)),
        },
      ]),
    ),
  );
  console.log(
    `rows/s ${(median(ours, perSecond) / median(bare, perSecond)).toFixed(2)} of the bare driver (floor 0.7), CPU ${(median(ours, cpu) / median(bare, cpu)).toFixed(2)}`,
  );
}
