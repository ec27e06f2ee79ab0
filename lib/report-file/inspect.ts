/** Checks of a report file before it is published or handed on (4.2 ReportFilePath, 5.1.2 PDF rule, A-57). */
import { createHash } from 'node:crypto';
import type { Text } from '../errors';
import type { Content } from './content';
import { endWith } from './deadline';
import { fileError, inputError } from './failure';
import { pdfState } from './pdf';

export type FileType = 'pdf' | 'jpg';

/** What is known of a checked file. */
export interface Facts {
  readonly type: FileType;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly warnings: readonly Text[];
}

/**
 * Type by its first bytes, checks by type, and the digest.
 *
 * @throws ExchangeError CONTRACT: neither PDF nor JPG, an encrypted or incomplete PDF
 */
export async function inspect(content: Content, signal?: AbortSignal): Promise<Facts> {
  try {
    const type = typeOf(await content.read(0, 8));
    const warnings = type === 'pdf' ? await checkPdf(content) : await checkJpg(content);
    if (content.writeProtected) warnings.push(WRITE_PROTECTED);
    return { type, bytes: content.bytes, sha256: await sha256Of(content, signal), warnings };
  } catch (error) {
    throw fileError(error, { zh: '报告文件', en: 'the report file' });
  }
}

export async function sha256Of(content: Content, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = content.stream();
  if (signal) endWith(signal, stream);
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function typeOf(start: Buffer): FileType {
  if (start.toString('latin1').startsWith('%PDF-')) return 'pdf';
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff) return 'jpg';
  throw inputError({
    zh: '文件既不是 PDF 也不是 JPG（按文件头判断），规范只接受这两种',
    en: 'the file is neither PDF nor JPG by its first bytes; the agreement takes these two only',
  });
}

async function checkPdf(content: Content): Promise<Text[]> {
  const state = await pdfState(content);
  if (state === 'encrypted') {
    throw inputError({
      zh: 'PDF 已加密或设有权限密码，平台无法加盖二维码；请在生成报告时取消加密',
      en: 'the PDF is encrypted or has a permission password, so the platform cannot add its QR code; make it without',
    });
  }
  if (state === 'incomplete') {
    throw inputError(
      {
        zh: 'PDF 不完整（缺少结束标记），可能仍在生成或已截断',
        en: 'the PDF is incomplete (no end mark): still being written, or cut off',
      },
      'retry',
    );
  }
  return state === 'damaged' ? [DAMAGED] : [];
}

async function checkJpg(content: Content): Promise<Text[]> {
  const tail = await content.read(Math.max(0, content.bytes - JPG_TAIL), JPG_TAIL);
  return tail.includes(END_OF_IMAGE) ? [] : [JPG_WITHOUT_END];
}

/** Cameras and scanners write some data of their own behind the picture. */
const JPG_TAIL = 64 * 1024;
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

const WRITE_PROTECTED: Text = {
  zh: '文件为只读；平台要求 PDF 不能只读，已发布的副本不是只读',
  en: 'the file is write-protected, which the agreement forbids; the published copy is not',
};
const DAMAGED: Text = {
  zh: 'PDF 的交叉引用表损坏，阅读器可能需要修复后才能打开',
  en: 'the cross-references of the PDF are damaged, readers may have to repair it',
};
const JPG_WITHOUT_END: Text = {
  zh: 'JPG 没有结束标记，图像可能不完整',
  en: 'the JPG has no end mark, the picture may be incomplete',
};
