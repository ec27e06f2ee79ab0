/** How the 17 interfaces stand, and what was tried for it. */
import type { Text } from '../errors';
import type { CaseKind } from '../self-check/check-case';
import type { CaseResult, InterfaceResult, SelfCheck, Verdict } from '../self-check/run';
import { type Content, type Markup, html } from './markup';
import { badge, both, heading, tableOf, th } from './parts';

const KINDS: Readonly<Record<CaseKind, Text>> = {
  normal: { zh: '正常', en: 'normal' },
  edge: { zh: '边界', en: 'edge' },
  bad: { zh: '错误输入', en: 'bad input' },
};

const BASIC: Text = { zh: '基本', en: 'basic' };
const OTHER: Text = { zh: '其他', en: 'other' };

const WRITES: Readonly<Record<SelfCheck['writes'], Text>> = {
  never: { zh: '不写入任何数据', en: 'nothing is written' },
  simulator: { zh: '只向平台模拟器写入测试数据', en: 'test data are written to simulators only' },
  'test-data': { zh: '写入带标记的测试数据', en: 'marked test data are written' },
};

export function checkSections(check: SelfCheck | null): Content {
  if (!check)
    return html`${heading('接口自查', 'interfaces')}
      <p class="none">本报告未包含自查 <span class="en">no check was run for this report</span></p>`;
  const { interfaces } = check;
  return html`${totals(interfaces)} ${heading('接口自查', 'the 17 interfaces of the agreement')}
    <p>${both(WRITES[check.writes])}</p>
    ${tableOf(
      [
        th('章节', 'section'),
        th('接口', 'interface'),
        th('类别', 'class'),
        th('期限', 'due'),
        th('结果', 'verdict'),
        th('说明', 'reason'),
        th('证据编号', 'evidence'),
      ],
      interfaces.map(row),
    )}`;
}

/** What was tried for each verdict, at the end of the report. */
export function caseSection(check: SelfCheck | null): Content {
  if (!check) return null;
  const { interfaces } = check;
  return html`${heading('自查用例', 'what was tried')}
  ${tableOf(
    [
      th('证据编号', 'evidence'),
      th('用例', 'case'),
      th('类型', 'kind'),
      th('结果', 'verdict'),
      th('所见', 'what was seen'),
      th('耗时', 'ms', 'n'),
    ],
    interfaces.flatMap(({ cases }) => cases.map(caseRow)),
  )}`;
}

function totals(interfaces: readonly InterfaceResult[]): Markup {
  const count = (wanted: Verdict): number => interfaces.filter(({ verdict }) => verdict === wanted).length;
  const basic = interfaces.filter(one => one.basic);
  return html`<div class="totals">
    <div class="good">
      <b>${count('PASS')} / ${interfaces.length}</b>${both({ zh: '接口通过', en: 'interfaces pass' })}
    </div>
    <div class="good">
      <b>${basic.filter(({ verdict }) => verdict === 'PASS').length} / ${basic.length}</b
      >${both({ zh: '其中基本接口', en: 'of the basic ones' })}
    </div>
    <div class="bad"><b>${count('FAIL')}</b>${both({ zh: '未通过', en: 'fail' })}</div>
    <div class="open"><b>${count('NOT CONFIGURED')}</b>${both({ zh: '未配置', en: 'not configured' })}</div>
  </div>`;
}

const row = ({ section, zh, service, basic, due, verdict, reasons, cases }: InterfaceResult): Markup => {
  const [first, last] = [cases[0]?.evidence, cases.at(-1)?.evidence];
  return html`<tr>
    <td>${section}</td>
    <td>${zh}<span class="en"> ${service}</span></td>
    <td>${both(basic ? BASIC : OTHER)}</td>
    <td>${due}</td>
    <td>${badge(verdict)}</td>
    <td>${lines(reasons)}</td>
    <td class="id">${first}${first !== last && html`<br />…${last?.slice(-2)}`}</td>
  </tr>`;
};

const caseRow = ({ evidence, title, kind, verdict, seen, durationMs }: CaseResult): Markup =>
  html`<tr>
    <td class="id">${evidence}</td>
    <td>${both(title)}</td>
    <td>${both(KINDS[kind])}</td>
    <td>${badge(verdict)}</td>
    <td>${lines(seen)}</td>
    <td class="n">${durationMs}</td>
  </tr>`;

/** The same reason once. */
const lines = (texts: readonly Text[]): Content =>
  [...new Map(texts.map(text => [text.zh, text])).values()].map(text => html`<div>${both(text)}</div>`);
