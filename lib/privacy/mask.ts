/** Masking of personal data and secrets for everything that people or logs see. */
import { createHash } from 'node:crypto';
import type { Privacy } from './privacy';

/** Keeps the first `head` and last `tail` characters; a value too short for that is masked whole. */
function keepEnds(text: string, head: number, tail: number): string {
  const chars = [...text];
  if (chars.length <= head + tail) return '*'.repeat(chars.length);
  return (
    chars.slice(0, head).join('') +
    '*'.repeat(chars.length - head - tail) +
    chars.slice(chars.length - tail).join('')
  );
}

const rules: Record<Privacy, (text: string) => string> = {
  name: text => keepEnds(text, 1, 0),
  id: text => keepEnds(text, 3, 2),
  card: text => keepEnds(text, 0, 4),
  phone: text => keepEnds(text, 3, 4),
  date: text => keepEnds(text, 4, 0),
  uid: text => keepEnds(text, 0, 8),
  text: text => `(${[...text].length} 字)`,
};

/** Masks one value by its kind: a name keeps its first character, an ID 3+2, a card 4, a phone 3+4, a UID 8. */
export const mask = (text: string, kind: Privacy): string => (text === '' ? '' : rules[kind](text));

/** ID number, social-security card and mobile phone, standing alone. */
const PERSONAL_NUMBER = /(?<![\dA-Za-z])(?:\d{17}[\dXx]|\d{15}|[A-Za-z]\d{8}|1[3-9]\d{9})(?![\dA-Za-z])/g;

/**
 * Masks a value as its field of the agreement demands; long values are shortened to 32 characters. What looks like a
 * person's number is masked in every field but a key: columns of a hospital's view are mixed up more often than not.
 */
export function maskField(
  field: { readonly secret?: boolean; readonly privacy?: Privacy; readonly key?: boolean },
  text: string,
): string {
  if (field.secret) return secretState(text);
  if (field.privacy) return mask(text, field.privacy);
  const plain = field.key ? text : text.replace(PERSONAL_NUMBER, number => mask(number, 'card'));
  const chars = [...plain];
  return chars.length > 32 ? `${chars.slice(0, 32).join('')}…` : plain;
}

/** What may be shown of a secret: whether it is set, and four hex digits to tell two apart. */
export const secretState = (secret: string | undefined): string =>
  secret ? `set #${createHash('sha256').update(secret).digest('hex').slice(0, 4)}` : 'not set';

/** An address without query, user and password: all three may hold patient data or secrets. */
export function maskUrl(address: string): string {
  const plain = address.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1');
  const query = plain.search(/[?#]/);
  return query < 0 ? plain : `${plain.slice(0, query)}?…`;
}
