/** The evidence on disk: a page for people and the same as JSON, under one name. */
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../errors';
import type { Evidence } from './evidence';
import { localTime } from './parts';
import { evidenceHtml } from './report-html';

export interface EvidenceFiles {
  readonly html: string;
  readonly json: string;
}

/**
 * Each file is written whole or not at all. @throws {ExchangeError} CONFIG when the folder cannot be written
 */
export async function writeEvidence(evidence: Evidence, folder: string): Promise<EvidenceFiles> {
  const time = localTime(evidence.createdAt).replace(/[-:]/g, '').replace(' ', '-');
  const name = path.join(folder, `evidence-${safe(evidence.hospital.orgCode)}-${time}`);
  const files = { html: `${name}.html`, json: `${name}.json` };
  try {
    await fs.promises.mkdir(folder, { recursive: true });
    await write(files.json, `${JSON.stringify(evidence, null, 1)}\n`);
    await write(files.html, evidenceHtml(evidence));
    return files;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ExchangeError({
      code: 'CONFIG',
      retry: 'never',
      text: {
        zh: `报告文件夹 ${folder} 无法写入（${code}）`,
        en: `the folder ${folder} of the reports cannot be written (${code})`,
      },
    });
  }
}

async function write(file: string, text: string): Promise<void> {
  await fs.promises.writeFile(`${file}.tmp`, text);
  await fs.promises.rename(`${file}.tmp`, file);
}

const safe = (text: string): string => text.replace(/[^\w.-]/g, '_') || 'hospital';
