/** Validators of this node's own fields. */
import type { EditorNode, Validator } from '../shared/editor/red';

const ENVIRONMENT = /^\$\{[^}\s]+\}$/;

function validator(property: string, isGood: (text: string) => boolean): Validator {
  // Node-RED shows a returned text as the reason only when the function declares both parameters.
  return function (this: EditorNode, value: unknown, _options: unknown) {
    const text = typeof value === 'string' ? value.trim() : '';
    if (ENVIRONMENT.test(text) || isGood(text)) return true;
    return `${this._(`report-file.${property}`)}: ${this._(`report-file.invalid.${property}`)}`;
  };
}

/** A relative path of names and placeholders. */
export const nameTemplate = (property: string): Validator =>
  validator(property, text =>
    text
      .split(/[\\/]/)
      .every(segment => /^(?:\{[^{}\s]+\}|[^{}<>:"|?*~])+$/.test(segment) && !/^[\s.]|[\s.]$/.test(segment)),
  );

/** Empty, a URL, a UNC path, or a complete local path. */
export const addressPrefix = (property: string): Validator =>
  validator(property, text =>
    /^(?:$|(?:https?|ftps?|file|smb):\/\/[^\s/]+|\\\\[^\\\s]+\\|\/|[a-z]:\\)/i.test(text),
  );

/** Empty, or addresses and networks separated by commas or blanks. */
export const networkList = (property: string): Validator =>
  validator(property, text =>
    text
      .split(/[\s,;，；]+/)
      .filter(Boolean)
      .every(entry => /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:.]*)(?:\/\d{1,3})?$/i.test(entry)),
  );
