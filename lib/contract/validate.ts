/** Validation of records in two profiles: strict, and lenient as the agreement's own samples need (A-33..A-42). */
import { ExchangeError } from '../errors';
import type { CodeTables } from './code-table';
import { ACCESSION_LENGTH, MODALITIES, isUid } from './dicom-terms';
import { splitIds } from './composite';
import { type Field, type Table, recordName } from './field';
import { DEFAULT_CARD_PATTERN, readResidentId } from './identity';
import { type LengthUnit, checkTable } from './schema';
import { type Finding, type Rule, type Severity, type Violation, describe } from './violation';
import { utf8Length } from './text-length';

export type Validation = 'lenient' | 'strict';

export interface CheckOptions {
  readonly validation: Validation;
  /** What a column's length counts (A-40). */
  readonly lengthUnit: LengthUnit;
  readonly codeTables?: CodeTables;
  readonly cardPattern?: RegExp;
  readonly modalities?: ReadonlySet<string>;
}

type Record_ = Readonly<Record<string, string>>;

/** Errors in both profiles: a record that breaks these cannot be stored by anybody. */
const ALWAYS_ERROR: ReadonlySet<Rule> = new Set([
  'essential',
  'key',
  'length',
  'date',
  'zone',
  'precision',
  'type',
  'column',
  'expression',
]);
/** Hints in both profiles: the agreement's own samples fail them, or the limit is not stated. */
const ALWAYS_WARNING: ReadonlySet<Rule> = new Set([
  'address-secret',
  'bytes',
  'loinc',
  'accession',
  'identity',
  'identity-agreement',
  'card',
]);

const severityOf = (rule: Rule, validation: Validation): Severity => {
  if (ALWAYS_ERROR.has(rule)) return 'error';
  return ALWAYS_WARNING.has(rule) || validation === 'lenient' ? 'warning' : 'error';
};

/** Everything that is wrong with a record, in the order of the table. `known` are findings of its normalisation. */
export function check(
  of: Table,
  record: Record_,
  options: CheckOptions,
  prefix = '',
  known: readonly Finding[] = [],
): Violation[] {
  const reported = new Set(known.map(finding => finding.field));
  const table = checkTable(of, record, options.lengthUnit).filter(finding => !reported.has(finding.field));
  const findings = [
    ...known,
    ...table,
    ...of.fields
      .filter(field => !reported.has(field))
      .flatMap(field => checkField(of, field, record, options)),
  ];
  const place = (finding: Finding): number => of.fields.indexOf(finding.field);
  return findings
    .toSorted((a, b) => place(a) - place(b))
    .map(finding => describe(of, finding, severityOf(finding.rule, options.validation), prefix));
}

/** One violation outside the tables: a value that must equal another one. */
export const mismatch = (
  of: Table,
  field: Field,
  value: string,
  counterpart: string,
  options: CheckOptions,
  prefix = '',
): Violation =>
  describe(
    of,
    { field, rule: 'reference', value, limit: counterpart },
    severityOf('reference', options.validation),
    prefix,
  );

/**
 * The error of a record that must not be sent: the first three faults in the message, all of them in `cause`.
 */
export function contractError(violations: readonly Violation[]): ExchangeError {
  const shown = violations.slice(0, 3);
  const more = violations.length - shown.length;
  return new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `${shown.map(({ message, remedy }) => `${message.zh}（${remedy.zh}）`).join('；')}${more > 0 ? `；另有 ${more} 处` : ''}`,
      en: `${shown.map(({ message, remedy }) => `${message.en} (${remedy.en})`).join('; ')}${more > 0 ? `; ${more} more` : ''}`,
    },
    cause: violations,
  });
}

/** One violation outside the tables: a value without which the record means nothing. */
export const missing = (of: Table, field: Field): Violation =>
  describe(of, { field, rule: 'essential', value: '' }, 'error');

export const errorsOf = (violations: readonly Violation[]): Violation[] =>
  violations.filter(({ severity }) => severity === 'error');

/** The rules that a JSON schema cannot say. */
function checkField(of: Table, field: Field, record: Record_, options: CheckOptions): Finding[] {
  const value = record[recordName(field)] ?? '';
  if (value === '') return [];
  const found = (rule: Rule, limit?: string): Finding => ({
    field,
    rule,
    value,
    ...(limit !== undefined && { limit }),
  });
  const findings: Finding[] = [];
  if (
    options.lengthUnit === 'char' &&
    field.length &&
    field.type.startsWith('VARCHAR') &&
    value.length * 3 > field.length
  ) {
    const fits = [...value].length <= field.length;
    if (fits && utf8Length(value) > field.length) findings.push(found('bytes', String(field.length)));
  }
  if (
    field.codeTable &&
    options.codeTables?.has(field.codeTable) &&
    !options.codeTables.knows(field.codeTable, value)
  ) {
    findings.push(found('code', field.codeTable));
  }
  if (field.privacy === 'uid' && !splitIds(value).every(isUid)) findings.push(found('uid'));
  if (field.dicom?.startsWith('Modality') && !(options.modalities ?? MODALITIES).has(value))
    findings.push(found('modality'));
  if (field.dicom?.startsWith('AccessionNumber') && value.length > ACCESSION_LENGTH)
    findings.push(found('accession', String(ACCESSION_LENGTH)));
  if (of.row?.startsWith('lab') && field.name === 'Class_Code' && !/^\d{1,5}-\d$/.test(value))
    findings.push(found('loinc'));
  if (field.fileAddress) findings.push(...checkAddress(field, value));
  if (isCardField(field) && !(options.cardPattern ?? DEFAULT_CARD_PATTERN).test(value))
    findings.push(found('card'));
  if (field.privacy === 'id') findings.push(...checkIdentity(of, field, value, record));
  return findings;
}

const FILE_ADDRESS = /^(?:https?:\/\/|ftps?:\/\/|\\\\)[^\s]+\.(?:pdf|jpe?g)(?:[?#]\S*)?$/i;

function checkAddress(field: Field, value: string): Finding[] {
  const findings: Finding[] = [];
  if (!FILE_ADDRESS.test(value)) findings.push({ field, rule: 'address', value });
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(value)) findings.push({ field, rule: 'address-secret', value });
  return findings;
}

/** The card number proper: other fields masked like a card hold patient numbers of any form. */
const isCardField = (field: Field): boolean => field.privacy === 'card' && field.zh.endsWith('卡号');

function checkIdentity(of: Table, field: Field, value: string, record: Record_): Finding[] {
  const facts = readResidentId(value);
  if ('problem' in facts) return [{ field, rule: 'identity', value, limit: facts.problem }];
  const findings: Finding[] = [];
  const disagree = (name: string, expected: string, zh: string): void => {
    const other = of.fields.find(candidate => recordName(candidate) === name);
    const held = record[name] ?? '';
    if (other && held !== '' && held !== expected)
      findings.push({ field: other, rule: 'identity-agreement', value: held, limit: zh });
  };
  disagree('birth_date', facts.birthDate, '出生日期');
  // 0 and 9 are "unknown" and "not stated": no disagreement.
  if (['1', '2'].includes(record['sex_code'] ?? '')) disagree('sex_code', facts.sexCode, '性别');
  return findings;
}
