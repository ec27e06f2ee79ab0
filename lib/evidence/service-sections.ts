/** Totals, errors and response times of the services. */
import { shareBar } from './charts';
import { type Content, type Markup, html } from './markup';
import { heading, percent, tableOf, th } from './parts';
import type { ResponseTimes, ServiceFigures } from './service-figures';

const CLASSES = ['≤ 1 s', '1–3 s', '3–5 s', '5–10 s', '> 10 s'] as const;

export function serviceSections(services: readonly ServiceFigures[]): Content {
  const calls = services.reduce((sum, one) => sum + one.calls, 0);
  return html`${heading('服务调用统计', 'services: totals and errors')}
    <p>
      ${services.length} 项服务，共 ${calls} 次调用。
      <span class="en">${services.length} services, ${calls} calls.</span>
    </p>
    ${tableOf(
      [
        th('章节', 'section'),
        th('服务', 'service'),
        th('调用', 'calls', 'n'),
        th('接收', 'accepted', 'n'),
        th('拒绝', 'refused', 'n'),
        th('未确认', 'unconfirmed', 'n'),
        th('失败', 'failed attempts', 'n'),
        th('成功率', 'success'),
        th('错误代码', 'error codes'),
      ],
      services.map(row),
    )}
    ${heading('响应时间', 'response times, from the log of single calls')}
    <div class="legend">${CLASSES.map((name, at) => html`<span><i class="c${at}"></i>${name}</span>`)}</div>
    ${tableOf(
      [
        th('服务', 'service'),
        ...CLASSES.map(name => html`<th class="n">${name}</th>`),
        th('分布', 'shares'),
        th('中位数', 'p50 ms', 'n'),
        th('95 %', 'p95 ms', 'n'),
        th('最长', 'max ms', 'n'),
      ],
      services.map(({ service, times }) => timeRow(service, times)),
    )}`;
}

/** Of the calls with an answer. */
function row({
  section,
  service,
  calls,
  accepted,
  refused,
  unconfirmed,
  failed,
  errors,
}: ServiceFigures): Markup {
  const answered = accepted + refused + unconfirmed;
  return html`<tr>
    <td>${section}</td>
    <td>${service}</td>
    <td class="n">${calls}</td>
    <td class="n">${accepted}</td>
    <td class="n">${refused}</td>
    <td class="n">${unconfirmed}</td>
    <td class="n">${failed}</td>
    <td>${percent(accepted, answered)}${answered > 0 && shareBar(accepted / answered, 'good')}</td>
    <td>${errors.map(({ code, count }) => `${code} ${count}`).join('，')}</td>
  </tr>`;
}

function timeRow(service: string, { classes, p50, p95, max }: ResponseTimes): Markup {
  const total = classes.reduce((sum, count) => sum + count, 0);
  const shares = classes.map(
    (count, at) => count > 0 && html`<span class="c${at}" style="width:${(count / total) * 100}%"></span>`,
  );
  return html`<tr>
    <td>${service}</td>
    ${classes.map(count => html`<td class="n">${count}</td>`)}
    <td><span class="classes">${shares}</span></td>
    <td class="n">${p50 ?? '—'}</td>
    <td class="n">${p95 ?? '—'}</td>
    <td class="n">${max ?? '—'}</td>
  </tr>`;
}
