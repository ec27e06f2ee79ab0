/** Markup that cannot be broken by what stands in it: every value is escaped unless it is markup itself. */
import { escapeAttribute } from '../wire/xml-text';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | number | Markup | readonly Content[] | null | undefined | false;

/** Tag of template literals. Null, undefined and false are nothing; lists are joined. */
export const html = (parts: TemplateStringsArray, ...values: readonly Content[]): Markup =>
  new Markup(parts.map((part, at) => (at === 0 ? part : write(values[at - 1]) + part)).join(''));

function write(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(write).join('');
  return escapeAttribute(String(value));
}
