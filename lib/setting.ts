/** Settings of nodes, as text from Node-RED, read with errors that name them. */
import { ExchangeError, type Text } from './errors';

export interface SettingReader {
  /** The number of a text; the fallback when it is empty or absent. @throws {ExchangeError} CONFIG */
  number(name: string, text: string | undefined, fallback: number, least: number, most: number): number;
  /** The text. @throws {ExchangeError} CONFIG when it is empty */
  needed(name: string, text: string | undefined): string;
  wrong(name: string, why: Text): ExchangeError;
}

/** @param subject what the settings belong to, as the beginning of a sentence */
export function settingReader(subject: Text): SettingReader {
  const wrong = (name: string, why: Text): ExchangeError =>
    new ExchangeError({
      code: 'CONFIG',
      retry: 'never',
      text: { zh: `${subject.zh} ${name} ${why.zh}`, en: `${subject.en} ${name} ${why.en}` },
      details: { setting: name },
    });
  return {
    wrong,
    number(name, text, fallback, least, most) {
      if (text === undefined || text.trim() === '') return fallback;
      const value = Number(text);
      if (Number.isFinite(value) && value >= least && value <= most) return value;
      throw wrong(name, {
        zh: `应为 ${least} 到 ${most} 的数字`,
        en: `must be a number from ${least} to ${most}`,
      });
    },
    needed(name, text) {
      if (text !== undefined && text.trim() !== '') return text.trim();
      throw wrong(name, { zh: '未填写', en: 'is not set' });
    },
  };
}
