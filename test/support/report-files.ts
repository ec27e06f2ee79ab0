/** Synthetic report files, made by hand so that every byte is known. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openContent } from '../../lib/report-file/content';
import { type Facts, inspect } from '../../lib/report-file/inspect';

export interface PdfShape {
  /** Goes into the trailer's dictionary. */
  readonly trailer?: string;
  /** Cross-references as a table (default) or as a stream. */
  readonly xref?: 'table' | 'stream';
  /** Makes the content differ, and adds that many bytes. */
  readonly text?: string;
  readonly padding?: number;
}

/** A small PDF of one empty page, with cross-references that lead to its objects. */
export function pdf({ trailer = '', xref = 'table', text = '', padding = 0 }: PdfShape = {}): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>',
  ];
  let body = `%PDF-1.7\n%${text}\n%${'x'.repeat(padding)}\n`;
  const offsets = objects.map((object, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const start = body.length;
  const size = objects.length + 1;
  if (xref === 'table') {
    const entries = offsets.map(at => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
    body += `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\n`;
  } else {
    body += `${size} 0 obj\n<< /Type /XRef /Size ${size + 1} /W [1 2 1] /Root 1 0 R ${trailer} /Length 4 >>\nstream\nxxxx\nendstream\nendobj\n`;
  }
  return Buffer.from(`${body}startxref\n${start}\n%%EOF\n`, 'latin1');
}

/** The start and the end of a JPG are all that is looked at. */
export const jpg = (text = ''): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])]);

export async function factsOf(bytes: Buffer): Promise<Facts> {
  const content = await openContent(bytes, bytes.length);
  return inspect(content);
}

export const temporaryFolder = (name: string): string =>
  fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `report-file-${name}-`)));

/** All files below a folder, with `/`. */
export const filesBelow = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();

/** Expects an ExchangeError of this code. */
export const coded = (code: string, retry?: string) => (error: unknown) => {
  const { name, code: actual, retry: again } = error as { name?: string; code?: string; retry?: string };
  if (name === 'ExchangeError' && actual === code && (retry === undefined || again === retry)) return true;
  throw new Error(`expected ${code} ${retry ?? ''}, got ${name} ${actual} ${again}: ${String(error)}`, {
    cause: error,
  });
};
