/** Resident ID numbers (GB 11643-1999) and card numbers. Hints only: two of three in the agreement's samples fail. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS = '10X98765432';

/** Letter and eight digits, as in all of the agreement's samples. */
export const DEFAULT_CARD_PATTERN = /^[A-Z]\d{8}$/;

export interface IdentityFacts {
  /** `yyyy-MM-dd` */
  readonly birthDate: string;
  /** Code of GB/T 2261.1: 1 male, 2 female. */
  readonly sexCode: '1' | '2';
}

/**
 * What a resident ID number says, or why it is none (in Chinese, as the end of a sentence).
 * The old form of 15 digits is read too; it has no check digit.
 */
export function readResidentId(text: string): IdentityFacts | { readonly problem: string } {
  const id = text.trim().toUpperCase();
  if (/^\d{15}$/.test(id)) return facts(`19${id.slice(6, 12)}`, id.slice(12, 15));
  if (!/^\d{17}[\dX]$/.test(id)) return { problem: '应为 18 位' };
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(id[at]), 0);
  if (CHECK_DIGITS[sum % 11] !== id[17]) return { problem: '校验位不符' };
  return facts(id.slice(6, 14), id.slice(14, 17));
}

function facts(date: string, sequence: string): IdentityFacts | { readonly problem: string } {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)];
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const real = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
  if (!real) return { problem: '中的出生日期无效' };
  return { birthDate: `${year}-${month}-${day}`, sexCode: Number(sequence) % 2 === 1 ? '1' : '2' };
}
