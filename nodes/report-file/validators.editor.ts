/** Validators of this node's own fields. */
import type { Validator } from '../shared/editor/red';
import { validator } from '../shared/editor/validate';

const rule = (property: string, isGood: (text: string) => boolean): Validator =>
  validator(property, text => (isGood(text) ? undefined : { key: `report-file.invalid.${property}` }));

/** A relative path of names and placeholders. */
export const nameTemplate = (property: string): Validator =>
  rule(property, text =>
    text
      .split(/[\\/]/)
      .every(segment => /^(?:\{[^{}\s]+\}|[^{}<>:"|?*~])+$/.test(segment) && !/^[\s.]|[\s.]$/.test(segment)),
  );

/** Empty, a URL, a UNC path, or a complete local path. */
export const addressPrefix = (property: string): Validator =>
  rule(property, text =>
    /^(?:$|(?:https?|ftps?|file|smb):\/\/[^\s/]+|\\\\[^\\\s]+\\|\/|[a-z]:\\)/i.test(text),
  );
