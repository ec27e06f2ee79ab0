/** Text that the platform's side writes, and its comparison of secrets. Kept apart from lib/wire on purpose. */
import { createHash, timingSafeEqual } from 'node:crypto';

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
};

/** For text and attributes of XML and HTML alike. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"'\r]/g, found => REFERENCES[found] ?? found);

export const element = (name: string, text: string): string => `<${name}>${escapeMarkup(text)}</${name}>`;

/** True when both are equal and filled. Takes as long for a near miss as for any other. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
