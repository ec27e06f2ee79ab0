/** The evidence as one HTML file: no script, nothing loaded, prints well. */
import type { Text } from '../errors';
import { type Column, dayColumns } from './charts';
import { caseSection, checkSections } from './check-sections';
import type { Evidence } from './evidence';
import { fieldSections } from './field-sections';
import { type Content, Markup, html } from './markup';
import { both, localTime } from './parts';
import { protectionSection } from './protection-section';
import { REPORT_STYLE } from './report-style';
import { serviceSections } from './service-sections';

export function evidenceHtml(evidence: Evidence): string {
  const { hospital } = evidence;
  const title = `互联互通自查报告 ${hospital.orgName}`;
  return html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${new Markup(REPORT_STYLE)}
        </style>
      </head>
      <body>
        ${head(evidence)} ${checkSections(evidence.check)} ${serviceSections(evidence.services)}
        ${dayChart(evidence)} ${fieldSections(evidence)} ${protectionSection(evidence)}
        ${caseSection(evidence.check)}
        <footer>
          本报告由组件自动生成，患者信息均已脱敏；证据编号对应同名 JSON 文件中的记录。 <br />Made by the
          package itself; patient data are masked. Evidence ids name the records of the JSON file of the same
          name.
        </footer>
      </body>
    </html> `.text;
}

function head({ hospital, period, versions, createdAt, check }: Evidence): Markup {
  const facts: [Text, Content][] = [
    [{ zh: '机构', en: 'hospital' }, `${hospital.orgName}（${hospital.orgCode}，${hospital.organCode}）`],
    [{ zh: '统计时段', en: 'period' }, `${localTime(period.from)} — ${localTime(period.to)}`],
    [{ zh: '生成时间', en: 'made at' }, localTime(createdAt)],
    [{ zh: '自查编号', en: 'run' }, check?.runId ?? '—'],
    [
      { zh: '版本', en: 'versions' },
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join('，'),
    ],
  ];
  return html`<h1>互联互通自查报告</h1>
    <p class="en">Self-check and evidence report · 《厦门市检验检查报告数据共享交互规范》</p>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          html`<dt>${both(name)}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}

function dayChart({ days, period }: Evidence): Content {
  if (days.length === 0) return null;
  const columns = daysOf(period).map((day): Column => {
    const found = days.find(({ at }) => dayOf(new Date(at)) === day);
    const [, month = '', date = ''] = day.split('-');
    const label = `${Number(month)}/${Number(date)}`;
    return { label, answered: found?.answered ?? 0, failed: found?.failed ?? 0 };
  });
  return html`<h3>每日调用量<span class="en">calls a day</span></h3>
    <div class="legend">
      <span><i class="answered"></i>有应答 answered</span
      ><span
        ><i class="failed"></i>无应答或出错（多数已自动重试） failed attempts, most of them repeated</span
      >
    </div>
    ${dayColumns(columns)}`;
}

const MOST_DAYS = 400;

const dayOf = (time: Date): string => localTime(time.toISOString()).slice(0, 10);

/** The last days of a period, those without a call too. */
function daysOf({ from, to }: Evidence['period']): string[] {
  const first = dayOf(new Date(from));
  const day = new Date(to);
  const days: string[] = [];
  // By the calendar: a day may have 23 hours.
  for (; dayOf(day) >= first && days.length < MOST_DAYS; day.setDate(day.getDate() - 1))
    days.unshift(dayOf(day));
  return days;
}
