/** 5.1.5: a report file is published as the hospital does, and fetched by its address as the platform does. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Fetcher } from '../report-file/fetch';
import { ExchangeError } from '../errors';
import { textPage } from '../simulator/hospital/pdf';
import { httpGet } from '../soap/http-get';
import type { Bench } from './bench';
import { type CaseParts, type CheckCase, checkCase } from './check-case';
import { CheckFailure, NotConfigured, expect } from './failure';
import { sha256, testExamReport } from './test-data';

const one = (...parts: CaseParts): CheckCase => checkCase('5.1.5', ...parts);

const MIB = 1024 * 1024;
const LIMITS = { maxBytes: 4 * MIB, timeoutMs: 20_000 };

/** The same bytes at every run: publishing it again changes nothing. */
const testPdf = (): Promise<Buffer> =>
  textPage(['SELF-CHECK TEST DATA', 'Please ignore.'], { size: [595, 842], writtenAt: new Date(0) });

function lookUpIn(bench: Bench): (name: string) => unknown {
  const values = testExamReport(bench.marks, bench.platform.profile) as Record<string, unknown>;
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
  return name => byName.get(name.toLowerCase()) ?? 'SELFCHECK';
}

async function publish(bench: Bench, content: Buffer): Promise<string> {
  bench.mayPublish();
  return bench.reportFile.publish(content, lookUpIn(bench), bench.signal);
}

/** Fetches into a folder that is gone afterwards. */
async function fetched(bench: Bench, address: string): Promise<Buffer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'exchange-check-'));
  try {
    const fetcher = new Fetcher({
      folder,
      template: '{file}.{ext}',
      onConflict: 'replace',
      limits: LIMITS,
      share: { publishedAs: '', folder: '' },
      ftpLogins: {},
    });
    const { path: file } = await fetcher.fetch(address, () => 'SELFCHECK', bench.signal);
    return fs.readFileSync(file);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function published({ findings }: Bench): string {
  if (findings.fileAddress !== undefined) return findings.fileAddress;
  throw new NotConfigured({ zh: '测试文件未能发布', en: 'the test file was not published' });
}

export const reportFileCases: readonly CheckCase[] = [
  one(
    'normal',
    'publish',
    '发布测试 PDF，按地址取回',
    'a test PDF is published, and fetched by its address',
    async bench => {
      const pdf = await testPdf();
      const address = await publish(bench, pdf);
      bench.findings.fileAddress = address;
      if (!/^(?:https?|ftps?):/i.test(address)) {
        throw new NotConfigured({
          zh: '已发布到共享文件夹；该地址须由平台一侧取用，本机不试',
          en: 'published to a share: its address is for the platform to try, not for this machine',
        });
      }
      const found = await fetched(bench, address);
      expect(
        sha256(found) === sha256(pdf),
        '取回的文件与发布的不同',
        'the file fetched is not the one published',
      );
      return {
        zh: `PDF ${pdf.length} 字节，逐字节一致`,
        en: `a PDF of ${pdf.length} bytes, the same byte for byte`,
      };
    },
  ),
  one(
    'edge',
    'again',
    '同一文件再次发布，地址可用',
    'the same file again, under a good address',
    async bench => {
      published(bench);
      const address = await publish(bench, await testPdf());
      if (/^https?:/i.test(address)) await fetched(bench, address);
      return { zh: '内容相同，未重复保存', en: 'the same content is not kept twice' };
    },
  ),
  one(
    'bad',
    'no-pdf',
    '不是 PDF 或 JPG 的文件不发布',
    'what is no PDF and no JPG is not published',
    async bench => {
      try {
        await publish(bench, Buffer.from('not a PDF'));
      } catch (error) {
        if (error instanceof ExchangeError && error.code === 'CONTRACT')
          return { zh: `发布前拦截：${error.text.zh}`, en: `stopped before publishing: ${error.text.en}` };
        throw error;
      }
      throw new CheckFailure({ zh: '不是 PDF 的文件被发布', en: 'a file that is no PDF was published' });
    },
  ),
  one('bad', 'forged', '改动过的地址取不到文件', 'a changed address gives no file', async bench => {
    const address = new URL(published(bench));
    if (!address.protocol.startsWith('http'))
      throw new NotConfigured({ zh: '只适用于 http 地址', en: 'for http addresses only' });
    address.pathname = address.pathname.replace(/([^/]*)\.(\w+)$/, 'selfcheck-no-such-file.$2');
    const { status } = await httpGet({
      url: address.href,
      timeoutMs: LIMITS.timeoutMs,
      signal: bench.signal,
    });
    expect(status === 404 || status === 403, `返回 HTTP ${status}`, `the answer is HTTP ${status}`);
    return { zh: `HTTP ${status}`, en: `HTTP ${status}` };
  }),
];
