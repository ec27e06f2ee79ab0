/** The settings of the exchange-alert node, as text from Node-RED. */
import { TimeWindows } from '../delivery/time-windows';
import { settingReader } from '../setting';
import type { BookSettings } from './alert-book';

/** What is empty or absent gets its default. */
export type AlertTexts = Partial<
  Record<
    | 'queueMinutes'
    | 'waitingCount'
    | 'diskPercent'
    | 'diskMiB'
    | 'certificateDays'
    | 'reminderHours'
    | 'settleMinutes'
    | 'perHour'
    | 'quietHours',
    string
  >
>;

export interface AlertLimits {
  /** Age of the oldest unfinished message of a node. */
  readonly queueMs: number;
  /** Messages that may wait for an operator. */
  readonly waiting: number;
  /** Free space of a disk at least, in parts of 100 and in MiB; 0: not looked at. */
  readonly diskPercent: number;
  readonly diskMiB: number;
  readonly certificateDays: number;
}

export interface AlertSettings {
  readonly limits: AlertLimits;
  readonly book: BookSettings;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const setting = settingReader({ zh: '告警节点设置', en: 'alert setting' });

/** @throws {ExchangeError} CONFIG, naming the setting that cannot be used */
export function readAlertSettings(texts: AlertTexts): AlertSettings {
  const number = (name: keyof AlertTexts, fallback: number, least: number, most: number): number =>
    setting.number(name, texts[name], fallback, least, most);
  const quiet = quietOf(texts.quietHours ?? '');
  return {
    limits: {
      queueMs: number('queueMinutes', 30, 1, 100_000) * MINUTE_MS,
      waiting: number('waitingCount', 20, 0, 1_000_000),
      diskPercent: number('diskPercent', 0, 0, 99),
      diskMiB: number('diskMiB', 0, 0, 1_048_576),
      certificateDays: number('certificateDays', 30, 1, 365),
    },
    book: {
      reminderMs: number('reminderHours', 4, 1, 168) * HOUR_MS,
      settleMs: number('settleMinutes', 5, 0, 1440) * MINUTE_MS,
      perHour: number('perHour', 12, 1, 1000),
      ...(quiet && { quiet }),
    },
  };
}

/** Undefined for none: the same text as sending hours would mean always. */
function quietOf(text: string): TimeWindows | undefined {
  if (text.trim() === '') return undefined;
  const windows = TimeWindows.parse(text);
  if (windows) return windows;
  throw setting.wrong('quietHours', {
    zh: '应为时段，如 22:00-07:00',
    en: 'must be times of day, as 22:00-07:00',
  });
}
