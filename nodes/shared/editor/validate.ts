/**
 * Validators of the forms. Each takes the name of its property, whose label stands in the catalogue under
 * `<type>.<property>`, and gives the reason in the user's language. A property that consists of one `${NAME}` is
 * filled from the environment when the flow starts, so nothing can be said about it here.
 */
import { TimeWindows } from '../../../lib/delivery/time-windows';
import type { EditorNode, Validator } from './red';

const ENVIRONMENT = /^\$\{[^}\s]+\}$/;

/** What is wrong with a value: the key of the text that says so, and what stands in it. */
export interface Fault {
  readonly key: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

/** The validator of a property. `faultOf` is given the trimmed text, and the node as it was last saved. */
export function validator(
  property: string,
  faultOf: (text: string, node: EditorNode) => Fault | undefined,
): Validator {
  // Node-RED shows a returned text as the reason only when the function declares both parameters.
  return function (this: EditorNode, value: unknown, _options: unknown) {
    const text = typeof value === 'string' ? value.trim() : '';
    if (ENVIRONMENT.test(text)) return true;
    const fault = faultOf(text, this);
    return !fault || `${this._(`${this.type}.${property}`)}: ${this._(fault.key, fault.values)}`;
  };
}

const isWholeNumber = (text: string, min: number, max: number): boolean =>
  /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;

/** A whole number between `min` and `max`. */
export const wholeNumber = (property: string, min: number, max: number): Validator =>
  validator(property, text =>
    isWholeNumber(text, min, max) ? undefined : { key: 'exchange.invalid.number', values: { min, max } },
  );

/** Empty, or a whole number between `min` and `max`. */
export const optionalNumber = (property: string, min: number, max: number): Validator =>
  validator(property, text =>
    !text || isWholeNumber(text, min, max)
      ? undefined
      : { key: 'exchange.invalid.optional-number', values: { min, max } },
  );

/** Any text but an empty one. */
export const filled = (property: string): Validator =>
  validator(property, text => (text ? undefined : { key: 'exchange.invalid.required' }));

/** Empty, or an http(s) address. `${NAME}` inside an address is refused: Node-RED fills whole values only. */
export const webAddress = (property: string): Validator =>
  validator(property, text =>
    !text || /^https?:\/\/[^\s/?#${}]+(\/[^\s${}]*)?$/i.test(text)
      ? undefined
      : { key: 'exchange.invalid.url' },
  );

/** A path on Node-RED's own HTTP server: starts with `/`, no blank, no query, none of Express's pattern characters. */
export const httpPath = (property: string): Validator =>
  validator(property, text =>
    /^(\/[\w.~%\-\u4e00-\u9fff]+)+\/?$/.test(text) ? undefined : { key: 'exchange.invalid.path' },
  );

/** A name or an address, without port and without the name of a SQL Server instance. */
export const hostName = (property: string): Validator =>
  validator(property, text => (isHostName(text) ? undefined : { key: 'exchange.invalid.host' }));

/** Empty, or as above. */
export const optionalHostName = (property: string): Validator =>
  validator(property, text => (!text || isHostName(text) ? undefined : { key: 'exchange.invalid.host' }));

const isHostName = (text: string): boolean =>
  /^(?:[\p{L}\p{N}_][\p{L}\p{N}_.-]*|[\da-f.]*:[\da-f.]*:[\da-f:.]*)$/iu.test(text);

/** Empty, or addresses and networks separated by commas or blanks. */
export const networkList = (property: string): Validator =>
  validator(property, text =>
    partsOf(text).every(part => /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:.]*)(?:\/\d{1,3})?$/i.test(part))
      ? undefined
      : { key: 'exchange.invalid.networks' },
  );

const partsOf = (list: string): string[] => list.split(/[\s,;，；]+/).filter(Boolean);

/** Empty, or times of day as the delivery reads them. */
export const timesOfDay = (property: string): Validator =>
  validator(property, text => (TimeWindows.parse(text) ? undefined : { key: 'exchange.invalid.hours' }));

/** Empty, or a regular expression. */
export const pattern = (property: string): Validator =>
  validator(property, text => (isPattern(text) ? undefined : { key: 'exchange.invalid.pattern' }));

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
