/** The settings of the exchange-store node, as text from Node-RED, → what opens a store and delivers from it. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../errors';
import { settingReader } from '../setting';
import type { Keeping } from '../store/housekeeping';
import type { StoreSettings } from '../store/settings';
import { type RetryPolicy, defaultRetry } from './policy';

/** Settings as the node has them; what is empty or absent gets its default. */
export type StoreTexts = Partial<
  Record<
    | 'kind'
    | 'file'
    | 'maxMiB'
    | 'host'
    | 'port'
    | 'database'
    | 'schema'
    | 'tls'
    | 'caFile'
    | 'firstDelay'
    | 'maxDelay'
    | 'maxTries'
    | 'maxAge'
    | 'repeatAfter'
    | 'keepContents'
    | 'keepMessages'
    | 'keepAudit',
    string
  >
>;

export interface StoreSecrets {
  readonly key?: string;
  readonly previousKey?: string;
  readonly user?: string;
  readonly password?: string;
}

export interface StoreOptions {
  readonly settings: StoreSettings;
  readonly retry: RetryPolicy;
  readonly repeatMs: number;
  readonly keeping: Keeping;
}

const setting = settingReader({ zh: '消息库设置', en: 'message store setting' });
const SECOND = 1000;
const HOUR = 3_600_000;
const DEFAULT_PORTS = { postgresql: 5432, sqlserver: 1433 } as const;

/**
 * @param resolve gives the whole path of a file that may be named relative to Node-RED's directory
 * @throws {ExchangeError} CONFIG, naming the setting that cannot be used
 */
export function readStoreOptions(
  texts: StoreTexts,
  secrets: StoreSecrets,
  resolve: (file: string) => string,
): StoreOptions {
  const number = (name: keyof StoreTexts, fallback: number, least: number, most: number): number =>
    setting.number(name, texts[name], fallback, least, most);
  return {
    settings: settingsOf(texts, secrets, resolve, number),
    retry: {
      firstDelayMs: number('firstDelay', defaultRetry.firstDelayMs / SECOND, 1, 3600) * SECOND,
      maxDelayMs: number('maxDelay', defaultRetry.maxDelayMs / SECOND, 1, 86_400) * SECOND,
      maxTries: number('maxTries', defaultRetry.maxTries, 1, 1000),
      maxAgeMs: number('maxAge', defaultRetry.maxAgeMs / HOUR, 1, 24 * 365) * HOUR,
    },
    repeatMs: number('repeatAfter', 60, 1, 86_400) * SECOND,
    keeping: {
      contentDays: number('keepContents', 30, 1, 36_500),
      messageDays: number('keepMessages', 90, 1, 36_500),
      auditDays: number('keepAudit', 180, 180, 36_500),
    },
  };
}

function settingsOf(
  texts: StoreTexts,
  secrets: StoreSecrets,
  resolve: (file: string) => string,
  number: (name: keyof StoreTexts, fallback: number, least: number, most: number) => number,
): StoreSettings {
  const { kind = 'embedded', tls = 'verify' } = texts;
  const previous = secrets.previousKey ? { previousSecret: secrets.previousKey } : {};
  if (kind !== 'postgresql' && kind !== 'sqlserver') {
    const file = resolve(texts.file?.trim() || 'exchange-store.db');
    const maxMiB = number('maxMiB', 0, 1, 1_048_576);
    return {
      kind: 'embedded',
      file,
      secret: secrets.key || keyFileOf(file),
      ...previous,
      ...(maxMiB && { maxMiB }),
    };
  }
  const server = {
    host: setting.needed('host', texts.host),
    port: number('port', DEFAULT_PORTS[kind], 1, 65_535),
    database: setting.needed('database', texts.database),
    ...(texts.schema && { schema: texts.schema }),
    user: setting.needed('user', secrets.user),
    password: secrets.password ?? '',
    ...(texts.caFile && { caFile: resolve(texts.caFile) }),
    secret: setting.needed('key', secrets.key),
    ...previous,
  };
  return kind === 'postgresql'
    ? { kind, ...server, tls: choice('tls', tls, ['off', 'verify', 'trust']) }
    : { kind, ...server, tls: choice('tls', tls, ['off', 'verify', 'trust', 'legacy']) };
}

function choice<const T extends string>(name: string, text: string, values: readonly T[]): T {
  const value = values.find(one => one === text);
  if (value !== undefined) return value;
  throw setting.wrong(name, {
    zh: `应为 ${values.join('、')} 之一`,
    en: `must be one of ${values.join(', ')}`,
  });
}

/**
 * The key of a store that was given none: made once, beside the store. It protects copies and backups of the store's
 * file alone; who reads the whole disk has both.
 */
function keyFileOf(storeFile: string): string {
  const file = `${storeFile}.key`;
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    // A store without its key could not be read any more: a new key must not take the place of a lost one.
    if (fs.existsSync(storeFile)) throw lostKey(file);
  }
  const key = randomBytes(32).toString('base64url');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const handle = fs.openSync(file, 'wx', 0o600);
  fs.writeSync(handle, `${key}\n`);
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  return key;
}

const lostKey = (file: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `消息库的密钥文件 ${file} 不存在或读不到，没有它无法读取消息库：请从备份恢复该文件，或在“加密”中填写密钥`,
      en: `the key file ${file} of the message store is missing or cannot be read; without it the store cannot be opened: restore the file, or enter the key`,
    },
  });
