/** 5.1.6: signed addresses of the viewer pages are opened. */
import { type ViewerPageName, viewerPages } from '../contract/services';
import { profileValues } from '../viewer/profile-values';
import { signViewerAddress } from '../viewer/viewer-address';
import { httpGet } from '../soap/http-get';
import type { Bench } from './bench';
import { type CaseParts, type CheckCase, checkCase } from './check-case';
import { CheckFailure, NotConfigured, expect } from './failure';

const one = (...parts: CaseParts): CheckCase => checkCase('5.1.6', ...parts);

const pages = Object.keys(viewerPages) as ViewerPageName[];
const TIMEOUT_MS = 20_000;

/** Parameters that name the test patient, as far as a page lists them. */
function patientValues(page: ViewerPageName, { marks }: Bench): Record<string, string> {
  const known: Record<string, string> = { IDCardNO: marks.idNo, AccessionNumber: marks.accessionNumber };
  const listed = new Set<string>(viewerPages[page].fields.map(({ name }) => name));
  return Object.fromEntries(Object.entries(known).filter(([name]) => listed.has(name)));
}

function addressOf(bench: Bench, page: ViewerPageName, values: Record<string, string> = {}): string {
  const { profile, secrets } = bench.platform;
  if (secrets.viewerKey === '')
    throw new NotConfigured({ zh: '未填写影像浏览密钥', en: 'the viewer key is not set' });
  return signViewerAddress({
    page,
    baseUrl: bench.addressOf('viewerUrl'),
    values: [profileValues(page, profile.settings), patientValues(page, bench), values],
    key: secrets.viewerKey,
    timestamp: Math.floor(bench.startedAt.getTime() / 1000),
  }).url;
}

async function statusOf(bench: Bench, url: string): Promise<number> {
  const { tls } = bench.platform;
  const { status } = await httpGet({ url, timeoutMs: TIMEOUT_MS, signal: bench.signal, ...(tls && { tls }) });
  return status;
}

export const viewerCases: readonly CheckCase[] = [
  one('normal', 'open', '打开四个页面', 'the four pages are opened', async bench => {
    for (const page of pages) {
      const status = await statusOf(bench, addressOf(bench, page));
      if (status >= 400)
        throw new CheckFailure({
          zh: `${page} 返回 HTTP ${status}：请核对密钥、用户和参数`,
          en: `${page} answered HTTP ${status}: check key, user and parameters`,
        });
    }
    return { zh: `${pages.length} 个页面均可打开`, en: `all ${pages.length} pages open` };
  }),
  one(
    'edge',
    'chinese',
    '参数含中文和特殊字符',
    'parameters in Chinese and with awkward characters',
    async bench => {
      const status = await statusOf(bench, addressOf(bench, 'ClinicExamView', { UserName: '测试 甲&乙' }));
      expect(status < 400, `返回 HTTP ${status}`, `the answer is HTTP ${status}`);
      return { zh: `HTTP ${status}`, en: `HTTP ${status}` };
    },
  ),
  one('bad', 'token', '改动过的地址被拒绝', 'a changed address is refused', async bench => {
    await bench.onlySimulator(bench.addressOf('viewerUrl'));
    const url = new URL(addressOf(bench, 'ClinicExamView'));
    url.searchParams.set('token', '0'.repeat(32));
    const status = await statusOf(bench, url.href);
    expect(status >= 400, '错误的 token 未被拒绝', 'a wrong token was not refused');
    return { zh: `HTTP ${status}`, en: `HTTP ${status}` };
  }),
];
