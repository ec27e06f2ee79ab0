/** What the sections of the evidence report share. */
import type { Text } from '../errors';
import type { Verdict } from '../self-check/run';
import { type Content, type Markup, html } from './markup';

export const VERDICTS: Readonly<Record<Verdict, Text & { readonly kind: string }>> = {
  PASS: { zh: '通过', en: 'PASS', kind: 'pass' },
  FAIL: { zh: '未通过', en: 'FAIL', kind: 'fail' },
  'NOT CONFIGURED': { zh: '未配置', en: 'NOT CONFIGURED', kind: 'open' },
};

/** A heading in both languages. */
export const heading = (zh: string, en: string): Markup => html`<h2>${zh}<span class="en">${en}</span></h2>`;

/** A cell of a table's head in both languages. */
export const th = (zh: string, en: string, kind = ''): Markup =>
  html`<th class="${kind}">${zh}<span class="en">${en}</span></th>`;

/** A text in both languages, the English one small. */
export const both = ({ zh, en }: Text): Markup => html`${zh} <span class="en">${en}</span>`;

/** A badge of a verdict. */
export function badge(verdict: Verdict): Markup {
  const { zh, en, kind } = VERDICTS[verdict];
  return html`<span class="badge ${kind}" title="${en}">${zh}</span>`;
}

/** A table, or a line that says that there is nothing. */
export const tableOf = (head: readonly Content[], rows: readonly Content[]): Markup =>
  rows.length === 0
    ? html`<p class="none">无数据 <span class="en">no data</span></p>`
    : html`<table>
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`;

/** `12.3 %` of a whole; `—` of nothing. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '—' : `${Math.round((part / whole) * 1000) / 10} %`;

/** `yyyy-MM-dd HH:mm:ss` of this machine. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000)
    .toISOString()
    .replace('T', ' ')
    .slice(0, 19);
}
