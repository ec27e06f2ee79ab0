/** Validators of what only DICOM knows. */
import type { Validator } from './red';
import { validator } from './validate';

/** VR AE (PS3.5 6.2); blanks at the ends do not count. */
const isAeTitle = (text: string): boolean => /^[ -[\]-~]{1,16}$/.test(text);

export const aeTitle = (property: string): Validator =>
  validator(property, text => (isAeTitle(text) ? undefined : { key: 'exchange.invalid.ae-title' }));

export const optionalAeTitle = (property: string): Validator =>
  validator(property, text => (!text || isAeTitle(text) ? undefined : { key: 'exchange.invalid.ae-title' }));

/** Empty, or several by comma. */
export const aeTitleList = (property: string): Validator =>
  validator(property, text => {
    const titles = text.split(/[,，;；]/).map(title => title.trim());
    return !text || titles.every(isAeTitle) ? undefined : { key: 'exchange.invalid.ae-title' };
  });
