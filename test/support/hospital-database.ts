/** A driver to a loopback SQL Server, and what tests of both ask of it. */
import assert from 'node:assert/strict';
import type { Statement } from '../../lib/database/driver';
import { type Parameter, readType } from '../../lib/database/parameter';
import { type SqlServerDatabase, SqlServerDriver } from '../../lib/database/sqlserver-driver';
import { ExchangeError } from '../../lib/errors';

export const databaseAt = (port: number, changes: Partial<SqlServerDatabase> = {}): SqlServerDatabase => ({
  kind: 'sqlserver',
  host: '127.0.0.1',
  port,
  database: 'his',
  user: 'exchange',
  password: 'right@test',
  tls: 'off',
  connectMs: 2000,
  requestMs: 2000,
  connections: 5,
  readOnly: false,
  mostRows: 10_000,
  ...changes,
});

export const driverTo = (port: number, changes: Partial<SqlServerDatabase> = {}): SqlServerDriver =>
  new SqlServerDriver(databaseAt(port, changes));

export const sql = (text: string): Statement => ({ kind: 'sql', text });
export const procedure = (text: string): Statement => ({ kind: 'procedure', text });

export const parameter = (name: string, type: string, value: unknown, output = false): Parameter => ({
  name,
  type: readType(type),
  value,
  output,
});

/** The work rejects so, in words of both languages that hold no secret and no value. */
export async function rejectsSo(
  work: Promise<unknown>,
  code: string,
  retry: string,
  words: RegExp,
): Promise<ExchangeError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ExchangeError, 'no rejection with an error of this package');
  assert.match(error.message, words);
  assert.match(error.text.zh, /\p{Script=Han}/u);
  assert.deepEqual([error.code, error.retry], [code, retry], error.message);
  assert.doesNotMatch(JSON.stringify(error) + error.message, /right@test|wrong@test|TESTP0001/);
  return error;
}
