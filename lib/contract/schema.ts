/** The agreement's tables as JSON schemas, checked by ajv. Severity is not decided here; see validate.ts. */
import Ajv, { type ErrorObject, type FuncKeywordDefinition, type ValidateFunction } from 'ajv';
import { parseDateTime, normaliseTimeRange } from './dates';
import { type Field, type Table, recordName } from './field';
import type { Finding, Rule } from './violation';
import { gbkLength, utf8Length } from './text-length';

export type LengthUnit = 'char' | 'gbk' | 'utf8';

const measure: Record<LengthUnit, (text: string) => number> = {
  char: text => [...text].length,
  gbk: gbkLength,
  utf8: utf8Length,
};

const lengthKeyword = (unit: LengthUnit): FuncKeywordDefinition => ({
  keyword: `maxLength-${unit}`,
  type: 'string',
  schemaType: 'number',
  errors: false,
  // A UTF-16 unit takes at most 3 bytes, so most values need no counting.
  validate: (limit: number, text: string) => text.length * 3 <= limit || measure[unit](text) <= limit,
});

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
for (const unit of ['char', 'gbk', 'utf8'] as const) ajv.addKeyword(lengthKeyword(unit));
for (const format of ['yyyy-MM-dd', 'yyyy-MM-dd HH:mm:ss', 'yyyy-MM-dd HH:mm'] as const) {
  ajv.addFormat(format, text => parseDateTime(text) !== null);
}
ajv.addFormat('HH:mm~HH:mm', text => normaliseTimeRange(text) !== null);

/** JSON schema of one record. Empty values are left out of a record before it is checked. */
export function schemaOf(of: Table, unit: LengthUnit): object {
  const required = of.fields.filter(field => field.required ?? field.essential).map(recordName);
  const conditions = of.fields
    .filter(field => field.requiredFromState !== undefined)
    .map(field => ({
      if: {
        required: ['state'],
        properties: { state: { enum: statesFrom(of, field.requiredFromState ?? 0) } },
      },
      // oxlint-disable-next-line unicorn/no-thenable -- `then` is JSON schema's own keyword
      then: { required: [recordName(field)] },
    }));
  return {
    type: 'object',
    properties: Object.fromEntries(of.fields.map(field => [recordName(field), propertyOf(field, unit)])),
    required,
    ...(conditions.length > 0 && { allOf: conditions }),
  };
}

const statesFrom = (of: Table, first: number): string[] =>
  Object.keys(of.fields.find(field => field.name === 'State')?.allowed ?? {}).filter(
    state => Number(state) >= first,
  );

function propertyOf(field: Field, unit: LengthUnit): object {
  return {
    type: 'string',
    ...(field.format && { format: field.format }),
    ...(field.allowed && { enum: Object.keys(field.allowed) }),
    ...(field.type === 'NUMBER' && { pattern: `^-?\\d{1,${field.length ?? 38}}$` }),
    ...(field.type !== 'NUMBER' && field.length && { [`maxLength-${unit}`]: field.length }),
  };
}

const compiled = new WeakMap<Table, Map<LengthUnit, ValidateFunction>>();

function validatorOf(of: Table, unit: LengthUnit): ValidateFunction {
  const ofTable = compiled.get(of) ?? new Map<LengthUnit, ValidateFunction>();
  compiled.set(of, ofTable);
  let validator = ofTable.get(unit);
  if (!validator) ofTable.set(unit, (validator = ajv.compile(schemaOf(of, unit))));
  return validator;
}

/** Every rule of the table that the record breaks. */
export function checkTable(of: Table, record: Readonly<Record<string, string>>, unit: LengthUnit): Finding[] {
  const filled = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ''));
  const validate = validatorOf(of, unit);
  if (validate(filled)) return [];
  const fields = new Map(of.fields.map(field => [recordName(field), field]));
  return (validate.errors ?? []).flatMap(error => {
    const name =
      error.keyword === 'required' ? String(error.params['missingProperty']) : error.instancePath.slice(1);
    const field = fields.get(name);
    const finding = field && toFinding(field, error, filled[name] ?? '');
    return finding ? [finding] : [];
  });
}

function toFinding(field: Field, error: ErrorObject, value: string): Finding | undefined {
  const [rule, limit] = ruleOf(field, error);
  return rule && { field, rule, value, ...(limit !== undefined && { limit }) };
}

function ruleOf(field: Field, error: ErrorObject): [Rule?, string?] {
  switch (error.keyword) {
    case 'required':
      if (error.schemaPath.includes('/then/')) return ['state', String(field.requiredFromState)];
      return [field.key ? 'key' : field.essential ? 'essential' : 'required'];
    case 'format':
      return ['date', field.format ?? ''];
    case 'enum':
      return [
        'value',
        Object.entries(field.allowed ?? {})
          .map(([value, zh]) => (value === zh ? value : `${value}=${zh}`))
          .join('、'),
      ];
    case 'pattern':
      return ['number', String(field.length)];
    case 'if':
      return [];
    default:
      return ['length', String(field.length)];
  }
}
