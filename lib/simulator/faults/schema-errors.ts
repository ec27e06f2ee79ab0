/** What ajv finds wrong with a fault or a scenario, in words that name the place. */
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { ExchangeError, type Text } from '../../errors';

export type Complaint = Text;
/** What the n-th item is called, from 0. */
export type PlaceOf = (at: number) => Text;

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });

export const compile = (schema: object): ValidateFunction => ajv.compile(schema);

/** `path` of the items in the document: `/steps` for those of a scenario. */
export const complaintsOf = ({ errors }: ValidateFunction, placeOf: PlaceOf, path = ''): Complaint[] =>
  (errors ?? []).flatMap(error => complaintOf(error, placeOf, path));

function complaintOf(error: ErrorObject, placeOf: PlaceOf, path: string): Complaint[] {
  const rule = ruleOf(error);
  if (!rule) return [];
  const [, item, field = ''] = new RegExp(`^${path}/(\\d+)(?:/(.*))?$`).exec(error.instancePath) ?? [];
  const place = item === undefined ? undefined : placeOf(Number(item));
  const name = item === undefined ? error.instancePath.slice(1) : field;
  const words = (language: keyof Text): string =>
    [place?.[language], name].filter(Boolean).join(' ') + (language === 'zh' ? '：' : ': ') + rule[language];
  return [{ zh: words('zh').replace(/^：/, ''), en: words('en').replace(/^: /, '') }];
}

function ruleOf({ keyword, params }: ErrorObject): Text | undefined {
  const limit = String(params['limit']);
  const missing = String(params['missingProperty']);
  const unknown = String(params['additionalProperty']);
  const only = String(params['allowedValue']);
  switch (keyword) {
    case 'required':
      return { zh: `缺少 ${missing}`, en: `${missing} is missing` };
    case 'additionalProperties':
      return { zh: `未知字段 ${unknown}`, en: `unknown field ${unknown}` };
    case 'enum': {
      const allowed = params['allowedValues'] as readonly string[];
      return { zh: `应为 ${allowed.join('、')} 之一`, en: `must be one of ${allowed.join(', ')}` };
    }
    case 'const':
      return { zh: `应为 ${only}`, en: `must be ${only}` };
    case 'type':
      return TYPES[String(params['type'])];
    case 'minimum':
    case 'minLength':
    case 'minItems':
      return { zh: `不能小于 ${limit}`, en: `must not be less than ${limit}` };
    case 'maximum':
    case 'maxLength':
    case 'maxItems':
      return { zh: `不能超过 ${limit}`, en: `must not be more than ${limit}` };
    case 'pattern':
      return { zh: '只能含小写字母、数字和 -', en: 'may hold lower-case letters, digits and - only' };
    default:
      // `if` only says that another rule was broken.
      return undefined;
  }
}

const TYPES: Readonly<Record<string, Text>> = {
  object: { zh: '应为对象', en: 'must be an object' },
  array: { zh: '应为数组', en: 'must be an array' },
  string: { zh: '应为文本', en: 'must be a text' },
  number: { zh: '应为数字', en: 'must be a number' },
  integer: { zh: '应为整数', en: 'must be a whole number' },
};

export const unreadable = (complaints: readonly Complaint[]): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: complaints.map(({ zh }) => zh).join('；'),
      en: complaints.map(({ en }) => en).join('; '),
    },
    cause: complaints,
  });
