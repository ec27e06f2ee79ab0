/**
 * Validators of the forms. Each takes the name of its property, whose label stands in the catalogue under
 * `<type>.<property>`, and gives the reason in the user's language. A property that consists of one `${NAME}` is
 * filled from the environment when the flow starts, so nothing can be said about it here.
 */
import type { EditorNode, Validator } from './red';

const ENVIRONMENT = /^\$\{[^}\s]+\}$/;

/** What is wrong with a value: the last part of `exchange.invalid.…`, and what stands in that text. */
interface Fault {
  readonly name: 'number' | 'required' | 'url' | 'path' | 'pattern';
  readonly values?: Readonly<Record<string, string | number>>;
}

function validator(property: string, faultOf: (text: string) => Fault | undefined): Validator {
  // Node-RED shows a returned text as the reason only when the function declares both parameters.
  return function (this: EditorNode, value: unknown, _options: unknown) {
    const text = typeof value === 'string' ? value.trim() : '';
    if (ENVIRONMENT.test(text)) return true;
    const fault = faultOf(text);
    if (!fault) return true;
    return `${this._(`${this.type}.${property}`)}: ${this._(`exchange.invalid.${fault.name}`, fault.values)}`;
  };
}

/** A whole number between `min` and `max`. */
export const wholeNumber = (property: string, min: number, max: number): Validator =>
  validator(property, text =>
    /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max
      ? undefined
      : { name: 'number', values: { min, max } },
  );

/** Any text but an empty one. */
export const filled = (property: string): Validator =>
  validator(property, text => (text ? undefined : { name: 'required' }));

/** Empty, or an http(s) address. `${NAME}` inside an address is refused: Node-RED fills whole values only. */
export const webAddress = (property: string): Validator =>
  validator(property, text =>
    !text || /^https?:\/\/[^\s/?#${}]+(\/[^\s${}]*)?$/i.test(text) ? undefined : { name: 'url' },
  );

/** A path on Node-RED's own HTTP server: starts with `/`, no blank, no query, none of Express's pattern characters. */
export const httpPath = (property: string): Validator =>
  validator(property, text =>
    /^(\/[\w.~%\-\u4e00-\u9fff]+)+\/?$/.test(text) ? undefined : { name: 'path' },
  );

/** Empty, or a regular expression. */
export const pattern = (property: string): Validator =>
  validator(property, text => (isPattern(text) ? undefined : { name: 'pattern' }));

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
