/** An alert as a person reads it: one line for a subject, and a text for mail, chat or a text message. */
import { formatDateTime, wallClockOf } from '../contract/dates';
import { type Alert, alertKinds } from './alert';

export type AlertLanguage = 'zh' | 'en' | 'both';

export interface WordingOptions {
  /** Name of the hospital; empty: none is named. */
  readonly hospital: string;
  readonly language: AlertLanguage;
  /** Characters of the text at most; none: as it is. A gateway of text messages takes 500. */
  readonly longest?: number;
}

export interface Wording {
  /** One line, in Chinese. */
  readonly topic: string;
  readonly payload: string;
}

type Language = 'zh' | 'en';

export function wordingOf(alert: Alert, { hospital, language, longest }: WordingOptions): Wording {
  const languages: readonly Language[] = language === 'both' ? ['zh', 'en'] : [language];
  const between = longest === undefined ? '\n\n' : '\n';
  const room = longest && Math.floor((longest - between.length * (languages.length - 1)) / languages.length);
  const payload = languages
    .map(one => shortened(linesOf(alert, hospital, one).join(longest === undefined ? '\n' : ' '), room))
    .join(between);
  return { topic: headline(alert, hospital, 'zh'), payload };
}

function headline({ kind, level, state, subject }: Alert, hospital: string, language: Language): string {
  const mark = MARKS[state === 'raised' && level !== 'error' ? 'warning' : state][language];
  const where = hospital === '' ? '' : `${hospital} `;
  const title = (kind === 'test' ? TEST : alertKinds[kind].title)[language];
  return language === 'zh'
    ? `【${mark}】${where}${title}：${subject}`
    : `[${mark}] ${where}${subject}: ${title}`;
}

function linesOf(alert: Alert, hospital: string, language: Language): string[] {
  const { state, text, remedy, since, at, more } = alert;
  const isZh = language === 'zh';
  const lines = [headline(alert, hospital, language), text[language]];
  if (state !== 'cleared') lines.push(`${isZh ? '处理：' : 'What to do: '}${remedy[language]}`);
  const times = state === 'raised' ? [since] : [since, at];
  lines.push(`${isZh ? '时间：' : 'Time: '}${times.map(clockTime).join(isZh ? ' 至 ' : ' to ')}`);
  if (more) {
    const names = more.subjects.join(isZh ? '、' : ', ');
    lines.push(
      isZh
        ? `另有 ${more.count} 项告警因限速未单独发送：${names}`
        : `${more.count} more alerts have no message of their own, because of the limit: ${names}`,
    );
  }
  return lines;
}

const clockTime = (iso: string): string => formatDateTime(wallClockOf(new Date(iso)), 'yyyy-MM-dd HH:mm');

function shortened(text: string, most: number | undefined): string {
  const characters = [...text];
  return most === undefined || characters.length <= most
    ? text
    : `${characters.slice(0, most - 1).join('')}…`;
}

const MARKS = {
  raised: { zh: '告警', en: 'ALERT' },
  warning: { zh: '提醒', en: 'WARNING' },
  ongoing: { zh: '仍未解除', en: 'STILL THERE' },
  cleared: { zh: '已解除', en: 'OVER' },
} as const;

const TEST = { zh: '测试告警', en: 'a test' };

/** Says that the way to the people works. */
export const testAlert = (now: number): Alert => ({
  kind: 'test',
  level: 'info',
  state: 'raised',
  subject: 'exchange-alert',
  text: {
    zh: '这是一条测试告警，收到即表示告警渠道可用。',
    en: 'This is a test: whoever reads it is reached by alerts.',
  },
  remedy: { zh: '无需处理。', en: 'Nothing is to be done.' },
  count: 1,
  since: new Date(now).toISOString(),
  at: new Date(now).toISOString(),
});
