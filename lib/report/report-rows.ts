/** What lab and exam reports share when they are read from a hospital's data. */
import { type Table, fieldFinder, recordName } from '../contract/field';
import { type Row, isRow } from '../contract/row';
import { type CheckOptions, mismatch } from '../contract/validate';
import type { Violation } from '../contract/violation';
import { ExchangeError } from '../errors';
import type { ArchiveOptions } from '../wire/archive-document';

export interface ReportOptions {
  readonly check: CheckOptions;
  readonly archive: Pick<ArchiveOptions, 'orgCode' | 'dateStyle'>;
  readonly now: Date;
}

/** One row or many; null and undefined are none. @throws {ExchangeError} CONTRACT for anything else. */
export function asRows(value: unknown): Row[] {
  const rows = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  if (!rows.every(isRow)) throw notAReport();
  return rows;
}

/** The values of a table's primary key in one text: what a repeated or corrected registration replaces. */
export const keyOf = (of: Table, record: Readonly<Record<string, string>>): string =>
  of.fields
    .filter(field => field.key)
    .map(field => record[recordName(field)] ?? '')
    .join('|');

/** org_code of the rows must equal orgcode of the document, which is the profile's (A-49g). */
export function sameOrg(of: Table, orgCode: string, { check, archive }: ReportOptions): Violation[] {
  const field = fieldFinder(of)('org_code');
  if (!field || orgCode === archive.orgCode) return [];
  return [mismatch(of, field, orgCode, `接入配置的机构编码 orgCode ${archive.orgCode}`, check)];
}

export const notAReport = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '输入不是报告：应为报告对象、报告数组或数据库行',
      en: 'the input is no report: give a report object, an array of them, or database rows',
    },
  });
