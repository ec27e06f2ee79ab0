/** Parts of statements that all sources put together. */
import type { DatabaseValue } from '../driver';
import { ExchangeError } from '../../errors';
import type { Bound } from './bound';
import type { PollDialect, TypesByName } from './dialect';
import type { ClaimPlan } from './plan';
import { VERSION } from './record';

/** @throws {ExchangeError} CONFIG when the table has no such column */
export function typeOf(types: TypesByName, column: string): string {
  const found = types.get(column.toLowerCase());
  if (found) return found.type;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `轮询的表或视图没有列 ${column}：请核对名称`,
      en: `the table or view that is polled has no column ${column}: check its name`,
    },
    details: { column },
  });
}

/** Condition that a row has one of these keys. */
export function whereKeys(
  dialect: PollDialect,
  columns: readonly string[],
  types: TypesByName,
  keys: readonly (readonly DatabaseValue[])[],
  bound: Bound,
): string {
  const [first] = columns;
  const add = (column: string, value: DatabaseValue | undefined): string =>
    bound.add(value ?? null, typeOf(types, column));
  if (columns.length === 1 && first !== undefined)
    return `t.${dialect.quote(first)} in (${keys.map(([value]) => add(first, value)).join(', ')})`;
  const one = (key: readonly DatabaseValue[]): string =>
    columns.map((column, at) => `t.${dialect.quote(column)} = ${add(column, key[at])}`).join(' and ');
  return `(${keys.map(key => `(${one(key)})`).join(' or ')})`;
}

/** Columns of a row, and its version. */
export const withVersion = (version: string | null): string =>
  version === null ? 't.*' : `t.*, ${version} as ${VERSION}`;

/** The user's own condition, and that no part of the key is missing. */
export const ownConditions = (
  dialect: PollDialect,
  { keys, condition }: { readonly keys: readonly string[]; readonly condition: string },
): string[] => [
  ...keys.map(key => `t.${dialect.quote(key)} is not null`),
  ...(condition ? [`(${condition})`] : []),
];

/** Rows that may be claimed: new ones, and those whose claim has run out. */
export function claimable(dialect: PollDialect, plan: ClaimPlan, types: TypesByName, bound: Bound): string[] {
  const status = (value: string): string =>
    `t.${dialect.quote(plan.status)} = ${bound.add(value, typeOf(types, plan.status))}`;
  const isNew = status(plan.values.new);
  const expired =
    plan.lease === null
      ? ''
      : ` or (${status(plan.values.claimed)} and t.${dialect.quote(plan.lease)} < ${dialect.leaseTime(0)})`;
  return [...ownConditions(dialect, plan.table), `(${isNew}${expired})`];
}

/** Order in which rows are claimed. */
export const claimOrder = (dialect: PollDialect, { order, table }: ClaimPlan): string[] =>
  [...order, ...table.keys].map(column => `t.${dialect.quote(column)}`);

/** What a message column holds whose length nobody tells. */
const MESSAGE_LENGTH = 200;

/** What fits into the column: `nvarchar(50)` counts characters, `varchar(50)` bytes, two for a Chinese one. */
export function shortened(text: string, type: string): string | null {
  if (text === '') return null;
  const declared = Number(/\((\d+)\)/.exec(type)?.[1] ?? MESSAGE_LENGTH);
  const most = type.startsWith('n') ? declared : Math.floor(declared / 2);
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
