/** Simple PDF pages: the standard fonts have no Chinese characters, and the demo needs no font file. ASCII only. */
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';

export interface PageOptions {
  /** Points. */
  readonly size: readonly [width: number, height: number];
  /** Set: the same lines give the same bytes, whenever they are written. */
  readonly writtenAt?: Date;
}

const MARGIN = 40;
const LINE_HEIGHT = 24;

/** One page with some lines of text; characters outside ASCII become `?`. */
export async function textPage(
  lines: readonly string[],
  { size: [width, height], writtenAt }: PageOptions,
): Promise<Buffer> {
  const pdf = await PDFDocument.create({ updateMetadata: writtenAt === undefined });
  if (writtenAt) {
    pdf.setCreationDate(writtenAt);
    pdf.setModificationDate(writtenAt);
  }
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  const page = pdf.addPage([width, height]);
  lines.forEach((line, at) =>
    page.drawText(line.replace(/[^\x20-\x7e]/g, '?'), {
      x: MARGIN,
      y: height - MARGIN - (at + 1) * LINE_HEIGHT,
      size: 14,
      font,
    }),
  );
  return Buffer.from(await pdf.save());
}
