/** File names by template, such as `{yyyy}/{MM}/{report_form_no}.{ext}`. */
import { configError, inputError } from './failure';
import type { FileType } from './inspect';
import { isSafeSegment, safePart } from './safe-name';

export interface NameValues {
  /** For `{yyyy}`, `{MM}`, `{dd}` and `{HH}`, in local time. */
  readonly now: Date;
  /** For `{ext}`. */
  readonly type: FileType | 'dcm';
  /** For `{file}`: the name of the given file without extension; empty when there is none. */
  readonly file: string;
  /** Any other placeholder; undefined when there is no such value. */
  readonly lookUp: (name: string) => unknown;
}

/** A literal text, or the name of a placeholder. */
type Part = { readonly text: string } | { readonly name: string };

const two = (value: number): string => String(value).padStart(2, '0');

const BUILT_IN: Readonly<Record<string, (values: NameValues) => string>> = {
  yyyy: ({ now }) => String(now.getFullYear()),
  MM: ({ now }) => two(now.getMonth() + 1),
  dd: ({ now }) => two(now.getDate()),
  HH: ({ now }) => two(now.getHours()),
  ext: ({ type }) => type,
  file: ({ file }) => file,
};

const EXTENSIONS: Readonly<Record<NameValues['type'], RegExp>> = {
  pdf: /\.pdf$/i,
  jpg: /\.jpe?g$/i,
  dcm: /\.dcm$/i,
};

export class NameTemplate {
  readonly #segments: readonly (readonly Part[])[];

  /** @throws ExchangeError CONFIG for an absolute path, `..`, a stray brace or a character that no name may hold */
  constructor(template: string) {
    this.#segments = template.trim().replaceAll('\\', '/').split('/').map(partsOf);
  }

  /**
   * The name, with `/` between folders. Values are made safe; those of the message cannot add a folder.
   *
   * @throws ExchangeError CONTRACT: a value is missing or no text, the extension belongs to another type, or the name
   *   is no file name
   */
  expand(values: NameValues): string {
    const segments = this.#segments.map(parts =>
      parts.map(part => ('text' in part ? part.text : safePart(valueOf(part.name, values)))).join(''),
    );
    if (!segments.every(isSafeSegment)) {
      throw inputError({
        zh: '文件名过长或不能用作文件名，请检查模板和字段值',
        en: 'the file name is too long or no file name, check template and values',
      });
    }
    const name = segments.join('/');
    if (EXTENSIONS[values.type].test(name)) return name;
    throw inputError({
      zh: `文件实际是 ${values.type}，与模板的扩展名不符；请在模板末尾使用 .{ext}`,
      en: `the file is a ${values.type}, which is not what the template's extension says; end the template with .{ext}`,
    });
  }
}

function partsOf(segment: string): Part[] {
  const parts = (segment.match(/\{[^{}]*\}|[^{}]+|[{}]/g) ?? []).map((piece): Part => {
    const name = /^\{\s*([^{}\s]+)\s*\}$/.exec(piece)?.[1];
    return name === undefined ? { text: piece } : { name };
  });
  const sample = parts.map(part => ('text' in part ? part.text : 'x')).join('');
  if (isSafeSegment(sample) && !/[{}]/.test(sample)) return parts;
  throw configError({
    zh: '文件名模板不正确：应为相对路径，如 {yyyy}/{MM}/{report_form_no}.{ext}，不含 .. 和 : * ? 等字符',
    en: 'the template of the file name is wrong: a relative path such as {yyyy}/{MM}/{report_form_no}.{ext}, without .. and characters such as : * ?',
  });
}

function valueOf(name: string, values: NameValues): string {
  const value = BUILT_IN[name]?.(values) ?? values.lookUp(name);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw inputError({
    zh: `文件名模板需要 {${name}}，但消息中没有该值或不是文本`,
    en: `the template of the file name needs {${name}}, which is missing in the message or no text`,
  });
}

/**
 * A value by its name or dotted path in the first of several places that has it; letter case does not matter, as
 * everywhere with field names of the agreement.
 */
export function lookUpIn(places: readonly unknown[], name: string): unknown {
  for (const place of places) {
    let value: unknown = place;
    for (const step of name.split('.')) value = propertyOf(value, step);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  const wanted = name.toLowerCase();
  const key = Object.hasOwn(value, name)
    ? name
    : Object.keys(value).find(one => one.toLowerCase() === wanted);
  return key === undefined ? undefined : (value as Record<string, unknown>)[key];
}
