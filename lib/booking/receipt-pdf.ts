/** PDF receipts: from the forms a flow has them in to the one document of the answer (3.2.5). */
import fs from 'node:fs/promises';
import { PDFDocument } from '@cantoo/pdf-lib';
import { ExchangeError } from '../errors';

/** A receipt of a page or two is a few hundred KB; far larger ones are a wrong file. Bytes. */
const MAX_PDF = 16 * 1024 * 1024;

/**
 * One PDF from a Buffer, a base64 text, a file path, `{ item }`, or an array of these. Several are merged in their
 * order when `merge` is set, else the first is sent.
 * @throws {ExchangeError} CONTRACT when one is no readable PDF, TOO_LARGE over 16 MB.
 */
export async function mergePdfs(given: unknown, merge: boolean): Promise<Buffer> {
  const list = Array.isArray(given) ? given : [given];
  const pdfs = await Promise.all((merge ? list : list.slice(0, 1)).map(readPdf));
  const [first] = pdfs;
  if (!first) throw notPdf();
  if (pdfs.length === 1) return first;
  const merged = await PDFDocument.create();
  for (const pdf of pdfs) {
    const source = await PDFDocument.load(pdf).catch(() => {
      throw notPdf();
    });
    for (const page of await merged.copyPages(source, source.getPageIndices())) merged.addPage(page);
  }
  return Buffer.from(await merged.save());
}

async function readPdf(value: unknown): Promise<Buffer> {
  const bytes = await bytesOf(value);
  if (bytes.length > MAX_PDF) {
    throw new ExchangeError({
      code: 'TOO_LARGE',
      retry: 'never',
      text: { zh: '回执单 PDF 超过 16 MB', en: 'the PDF receipt is larger than 16 MB' },
    });
  }
  // Readers accept some bytes before the header; the platform's need not.
  if (bytes.subarray(0, 5).toString('latin1') !== '%PDF-') throw notPdf();
  return bytes;
}

async function bytesOf(value: unknown): Promise<Buffer> {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'object' && value !== null && 'item' in value) return bytesOf(value.item);
  if (typeof value !== 'string' || value.trim() === '') throw notPdf();
  // base64 of "%PDF-"
  if (value.startsWith('JVBERi')) return Buffer.from(value, 'base64');
  try {
    if ((await fs.stat(value)).size <= MAX_PDF) return await fs.readFile(value);
  } catch {
    throw new ExchangeError({
      code: 'CONTRACT',
      retry: 'never',
      text: {
        zh: '读不到回执单 PDF 文件，请检查路径和权限',
        en: 'cannot read the PDF receipt: check path and rights',
      },
    });
  }
  return Buffer.alloc(MAX_PDF + 1);
}

const notPdf = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '回执单不是 PDF：请提供 Buffer、base64 文本或文件路径，且文件未加密',
      en: 'the receipt is no PDF: give a Buffer, base64 text or a file path, not encrypted',
    },
  });
