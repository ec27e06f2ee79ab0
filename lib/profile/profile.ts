/** One hospital's settings, as text from Node-RED, → what the other parts of lib/ take. */
import { CodeTables } from '../contract/code-table';
import type { DateStyle } from '../contract/dates';
import type { LengthUnit } from '../contract/schema';
import type { CheckOptions, Validation } from '../contract/validate';
import type { DestinationRules } from '../delivery/channel';
import { TimeWindows } from '../delivery/time-windows';
import type { ExchangeError, Text } from '../errors';
import type { AcknowledgementRules } from '../report/acknowledgement';
import { settingReader } from '../setting';
import type { ArchiveOptions } from '../wire/archive-document';

/**
 * The settings of the exchange-profile node. Every value is text, so that `${ENV}` works everywhere; numbers and
 * patterns are read from the text by {@link readProfile}.
 */
export interface ProfileSettings {
  /** Institution code of the booking platform, `XM-1000n-…` (3.3.1). Never derived from `orgCode`. */
  organCode: string;
  /** Operator account of CallInterface (3.1.2). */
  operator: string;
  /** Institution code of the report interfaces, org_code/orgcode (4.x). */
  orgCode: string;
  orgName: string;
  /** Organisation of the viewer pages (5.1.6). */
  userOrganizationId: string;
  userOrganizationName: string;
  organizationId: string;
  /** User GUID of the imaging cloud: CustomerGuid or UserUID. */
  userGuid: string;

  /** Address of CallInterface (3.1.2). */
  callInterfaceUrl: string;
  /** Address of IAutoReport.asmx (4). */
  archiveUrl: string;
  /** Base address of the viewer pages, before `/ClinicExam…` (5.1.6). */
  viewerUrl: string;
  soapVersion: '1.1' | '1.2';
  namespace: string;
  /** File path or address of the platform's WSDL; empty: the agreement's own contract is used. */
  wsdl: string;
  /** Seconds for one call, body included. */
  timeout: string;
  /** Connections to one platform address; of durable deliveries, calls at the same time. */
  connections: string;
  /** Most calls a minute to one platform address by durable deliveries; empty: no limit. */
  perMinute: string;
  /** Hours in which is delivered durably, as `20:00-06:00, 12:00-13:00`; empty: always. */
  sendingHours: string;

  validation: Validation;
  lengthUnit: LengthUnit;
  dateStyle: DateStyle;
  subItemLayout: 'repeat' | 'group';
  sendApplyFormNo: boolean;
  /** Regular expressions over the text that ArchiveAutoReport returns. */
  acceptedPattern: string;
  refusedPattern: string;
  emptyMeans: 'accepted' | 'refused' | 'unconfirmed';
  /** Operators that may call the booking service, separated by commas; empty: any. */
  allowedOperators: string;
  /** CSV file of code tables: table, localCode, localName, platformCode, platformName, confirmed; empty: none. */
  codeTableFile: string;
}

export interface Profile {
  readonly settings: ProfileSettings;
  readonly timeoutMs: number;
  readonly connections: number;
  readonly delivery: DestinationRules;
  readonly check: CheckOptions;
  readonly archive: ArchiveOptions;
  readonly acknowledgement: AcknowledgementRules;
  readonly allowedOperators: ReadonlySet<string>;
}

/**
 * Reads the settings; an unset one gets its default.
 * @throws {ExchangeError} CONFIG, naming the setting that cannot be used.
 */
export function readProfile(settings: ProfileSettings, codeTables: CodeTables): Profile {
  const s = settings;
  const connections = setting.number('connections', s.connections, 4, 1, 64);
  return {
    settings,
    timeoutMs: setting.number('timeout', s.timeout, 30, 1, 600) * 1000,
    connections,
    delivery: {
      concurrency: connections,
      perMinute: setting.number('perMinute', s.perMinute, 0, 0, 60_000),
      windows: windows('sendingHours', s.sendingHours),
    },
    check: { validation: s.validation || 'lenient', lengthUnit: s.lengthUnit || 'char', codeTables },
    archive: {
      orgCode: s.orgCode,
      orgName: s.orgName,
      dateStyle: s.dateStyle || 'table',
      subItemLayout: s.subItemLayout || 'repeat',
      sendApplyFormNo: s.sendApplyFormNo,
    },
    acknowledgement: {
      accepted: pattern('acceptedPattern', s.acceptedPattern, '^(1|true|ok|success|成功)'),
      refused: pattern('refusedPattern', s.refusedPattern, '失败|错误|error|exception|^-1|^false|^0$'),
      emptyMeans: s.emptyMeans || 'unconfirmed',
    },
    allowedOperators: new Set(
      s.allowedOperators
        .split(/[,，;；\s]+/)
        .map(operator => operator.toLowerCase())
        .filter(operator => operator !== ''),
    ),
  };
}

function pattern(name: string, text: string, fallback: string): RegExp {
  try {
    return new RegExp(text.trim() === '' ? fallback : text, 'i');
  } catch {
    throw wrongSetting(name, { zh: '不是有效的正则表达式', en: 'is no valid regular expression' });
  }
}

function windows(name: string, text: string | undefined): TimeWindows {
  const parsed = TimeWindows.parse(text ?? '');
  if (parsed) return parsed;
  throw wrongSetting(name, {
    zh: '应为时段，如 20:00-06:00, 12:00-13:00',
    en: 'must be times of day, as 20:00-06:00, 12:00-13:00',
  });
}

const setting = settingReader({ zh: '接入配置', en: 'profile setting' });

/** The error of a setting that is missing or cannot be used. */
export const wrongSetting = (name: string, why: Text): ExchangeError => setting.wrong(name, why);

/** The setting's text. @throws {ExchangeError} CONFIG when it is empty. */
export const needSetting = (name: string, value: string | undefined): string => setting.needed(name, value);
