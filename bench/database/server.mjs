// The SQL Server of the benchmark, in a process of its own so that its work is not counted. Argument: rows. Sends its
// port. Its rows are encoded once and sent over and over: it must be faster than those who read them.
import { TdsServer } from '../../test/support/tds-server.ts';
import { row } from '../../test/support/tds-wire.ts';
import { COLUMNS, rowAt } from './rows.mjs';

const [rows] = process.argv.slice(2).map(Number);
const STOCK = 2000;
const stock = Array.from({ length: Math.min(rows, STOCK) }, (_, at) => row(COLUMNS, rowAt(at)));

function* sent() {
  for (let at = 0; at < rows; at++) yield stock[at % STOCK];
}

const server = await TdsServer.start({
  answer: ({ sql }) => (sql.includes('result') ? { columns: COLUMNS, rows: sent() } : { affected: 0 }),
});
process.send(server.port);
process.on('disconnect', () => process.exit());
