/** The settings of dicom-peer and dicom-station, as text from Node-RED, → peers and stations. */
import type tls from 'node:tls';
import { AllowedNetworks } from '../networks';
import { settingReader } from '../setting';
import type { Fallback } from './character-set';
import { ObjectFolder } from './object-folder';
import type { QueryPeer } from './query-scu';
import type { StationOptions } from './storage-scp';

export type PeerTexts = Readonly<
  Partial<
    Record<
      | 'aeTitle'
      | 'host'
      | 'port'
      | 'callingAeTitle'
      | 'associations'
      | 'maxPdu'
      | 'connectTimeout'
      | 'timeout'
      | 'characterSet',
      string
    >
  >
>;

export interface PeerOptions extends QueryPeer {
  /** Associations at the same time. */
  readonly associations: number;
}

const DEFAULT_AE_TITLE = 'NODERED';
const DEFAULT_MAX_PDU = 131_072;
const AE_TITLE = /^(?! *$)[^\\\p{Cc}]{1,16}$/u;

/** @throws {ExchangeError} CONFIG, naming the setting that cannot be used */
export function readPeer(texts: PeerTexts, tlsOptions?: tls.ConnectionOptions): PeerOptions {
  const setting = settingReader({ zh: '远端 AE 设置', en: 'peer setting' });
  return {
    aeTitle: aeTitle(setting, 'aeTitle', setting.needed('aeTitle', texts.aeTitle)),
    callingAeTitle: aeTitle(setting, 'callingAeTitle', texts.callingAeTitle?.trim() || DEFAULT_AE_TITLE),
    host: setting.needed('host', texts.host),
    port: setting.number('port', setting.needed('port', texts.port), 104, 1, 65_535),
    associations: setting.number('associations', texts.associations, 4, 1, 32),
    maxPdu: setting.number('maxPdu', texts.maxPdu, DEFAULT_MAX_PDU, 0, 16 * 1024 * 1024),
    connectTimeoutMs: setting.number('connectTimeout', texts.connectTimeout, 10, 1, 600) * 1000,
    timeoutMs: setting.number('timeout', texts.timeout, 60, 1, 3600) * 1000,
    characterSet: characterSet(texts.characterSet),
    ...(tlsOptions && { tls: tlsOptions }),
  };
}

export type StationTexts = Readonly<
  Partial<
    Record<
      | 'aeTitle'
      | 'host'
      | 'port'
      | 'folder'
      | 'allowedAeTitles'
      | 'allowedNetworks'
      | 'associations'
      | 'timeout'
      | 'maxMiB'
      | 'keepDays',
      string
    >
  > & { checkCalledAeTitle?: boolean }
>;

export interface StationSettings extends StationOptions {
  /** Days that studies are kept after the flow knows of them; 0: for ever. */
  readonly keepDays: number;
}

/**
 * @param resolve gives the whole path of a folder that may be named relative to Node-RED's directory
 * @throws {ExchangeError} CONFIG
 */
export function readStation(
  texts: StationTexts,
  resolve: (folder: string) => string,
  tlsOptions?: tls.TlsOptions,
): StationSettings {
  const setting = settingReader({ zh: '本机 AE 设置', en: 'station setting' });
  const networks = new AllowedNetworks(texts.allowedNetworks ?? '');
  const maxMiB = setting.number('maxMiB', texts.maxMiB, 4096, 1, 1_048_576);
  return {
    aeTitle: aeTitle(setting, 'aeTitle', texts.aeTitle?.trim() || DEFAULT_AE_TITLE),
    port: setting.number('port', texts.port, 11_112, 1, 65_535),
    ...(texts.host && { host: texts.host }),
    allowedAeTitles: new Set(
      (texts.allowedAeTitles ?? '')
        .split(/[,，;；]/)
        .map(title => title.trim().toUpperCase())
        .filter(title => title !== ''),
    ),
    admitsAddress: address => networks.admits(address),
    checkCalledAeTitle: texts.checkCalledAeTitle ?? true,
    associations: setting.number('associations', texts.associations, 16, 1, 1000),
    timeoutMs: setting.number('timeout', texts.timeout, 60, 1, 3600) * 1000,
    maxPdu: DEFAULT_MAX_PDU,
    folder: new ObjectFolder(resolve(texts.folder?.trim() || 'dicom-incoming'), maxMiB * 1024 * 1024),
    keepDays: setting.number('keepDays', texts.keepDays, 30, 0, 36_500),
    ...(tlsOptions && { tls: tlsOptions }),
  };
}

function aeTitle(setting: ReturnType<typeof settingReader>, name: string, title: string): string {
  if (AE_TITLE.test(title)) return title;
  throw setting.wrong(name, {
    zh: '应为 1 到 16 个字符，不含反斜杠',
    en: 'must have 1 to 16 characters and no backslash',
  });
}

const characterSet = (text: string | undefined): Fallback =>
  text === 'ISO_IR 192' || text === 'ISO_IR 100' ? text : 'GB18030';
