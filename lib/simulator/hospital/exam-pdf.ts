/** The report of a reviewed exam as a PDF (5.1.5). */
import type { SqlRow } from '../../sqlite';
import { textPage } from './pdf';

const A4 = [595, 842] as const;

export function examPdf(row: SqlRow): Promise<Buffer> {
  const text = (column: string): string => String(row[column] ?? '');
  const reviewedAt = text('SHSJ');
  return textPage(
    [
      'EXAM REPORT',
      `Report ${text('BGDH')}`,
      `Accession ${text('JCH')}`,
      `Patient ${text('BRID')}`,
      `Modality ${text('JCLX')} Device ${text('SBMC')}`,
      `Reviewed ${reviewedAt}`,
    ],
    { size: A4, writtenAt: new Date(`${reviewedAt.replace(' ', 'T')}Z`) },
  );
}
