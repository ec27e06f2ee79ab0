/** Made-up values that no person can have: area 000000 does not exist, and names are of the form 测试甲. */

/** A seeded random source (mulberry32): the same seed gives the same hospital on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** @throws {RangeError} for an empty list. */
  pick<T>(list: readonly T[]): T {
    const found = list[this.integer(0, list.length - 1)];
    if (found === undefined) throw new RangeError('nothing to pick from');
    return found;
  }
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** An 18-digit ID number of area 000000 whose check digit is right (GB 11643). `birthDate` is yyyy-MM-dd. */
export function residentId(birthDate: string, sequence: number): string {
  const digits = `000000${birthDate.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return digits + '10X98765432'.charAt(sum % 11);
}

const STEMS = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];
const BRANCHES = ['子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥'];

/** 测试甲 to 测试癸, then the sixty-year cycle from 测试甲子 on; the third is 测试𠮷, a character of four bytes. */
export function patientName(at: number): string {
  if (at === 2) return '测试𠮷';
  if (at < STEMS.length) return `测试${STEMS[at]}`;
  const place = at - STEMS.length;
  return `测试${STEMS[place % STEMS.length]}${BRANCHES[place % BRANCHES.length]}`;
}

/** `yyyy-MM-dd` of a day some days away. */
export function addDays(date: string, days: number): string {
  const time = Date.parse(`${date}T00:00:00Z`) + days * 86_400_000;
  return new Date(time).toISOString().slice(0, 10);
}
