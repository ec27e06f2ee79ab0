/** The settings of the hospital-database node, as text from Node-RED, → a driver. */
import { settingReader } from '../setting';
import type { SqlServerTls } from '../sqlserver/connection-options';
import type { DatabaseDriver } from './driver';
import { type EmbeddedProcedures, SqliteDriver, type SqliteFile } from './sqlite-driver';
import { type SqlServerDatabase, SqlServerDriver } from './sqlserver-driver';

/** Settings as the node has them; what is empty or absent gets its default. */
export type DatabaseTexts = Readonly<
  Partial<
    Record<
      | 'kind'
      | 'file'
      | 'host'
      | 'port'
      | 'instance'
      | 'database'
      | 'domain'
      | 'tls'
      | 'caFile'
      | 'connectTimeout'
      | 'timeout'
      | 'connections'
      | 'mostRows'
      | 'applicationName',
      string
    > & { readonly readOnly: boolean }
  >
>;

export interface DatabaseLogin {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export type DatabaseSettings = SqlServerDatabase | SqliteFile;

const setting = settingReader({ zh: '医院数据库设置', en: 'hospital database setting' });
const PRESETS: readonly SqlServerTls[] = ['off', 'verify', 'trust', 'legacy'];

/**
 * @param resolve gives the whole path of a file that may be named relative to Node-RED's directory
 * @throws {ExchangeError} CONFIG, naming the setting that cannot be used
 */
export function readDatabaseSettings(
  texts: DatabaseTexts,
  { user, password = '' }: DatabaseLogin,
  resolve: (file: string) => string,
): DatabaseSettings {
  const mostRows = setting.number('mostRows', texts.mostRows, 10_000, 1, 1_000_000);
  if (texts.kind === 'sqlite')
    return { kind: 'sqlite', file: resolve(setting.needed('file', texts.file)), mostRows };
  const tls = PRESETS.find(preset => preset === (texts.tls ?? 'verify'));
  if (!tls)
    throw setting.wrong('tls', {
      zh: `应为 ${PRESETS.join('、')} 之一`,
      en: `must be one of ${PRESETS.join(', ')}`,
    });
  const given = (name: 'instance' | 'domain' | 'applicationName'): string | undefined =>
    texts[name]?.trim() || undefined;
  const port = setting.number('port', texts.port, 0, 1, 65_535);
  const [instance, domain, applicationName] = [given('instance'), given('domain'), given('applicationName')];
  return {
    kind: 'sqlserver',
    host: setting.needed('host', texts.host),
    ...(port > 0 && { port }),
    ...(instance !== undefined && { instance }),
    database: setting.needed('database', texts.database),
    user: setting.needed('user', user),
    password,
    ...(domain !== undefined && { domain }),
    tls,
    ...(texts.caFile?.trim() && { caFile: resolve(texts.caFile.trim()) }),
    connectMs: setting.number('connectTimeout', texts.connectTimeout, 10, 1, 60) * 1000,
    requestMs: setting.number('timeout', texts.timeout, 30, 1, 3600) * 1000,
    connections: setting.number('connections', texts.connections, 5, 1, 50),
    ...(applicationName !== undefined && { applicationName }),
    readOnly: texts.readOnly ?? false,
    mostRows,
  };
}

/**
 * @param procedures of a file, which has none of its own
 * @throws {ExchangeError} CONFIG when the CA file cannot be read
 */
export const openDatabase = (
  settings: DatabaseSettings,
  procedures: EmbeddedProcedures = {},
): DatabaseDriver =>
  settings.kind === 'sqlite' ? new SqliteDriver(settings, procedures) : new SqlServerDriver(settings);
