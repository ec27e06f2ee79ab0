/** `exchangeMonitor` of settings.js, or the environment → what is watched, and where it is shown. */
import net from 'node:net';
import { ExchangeError } from '../errors';
import { settingReader } from '../setting';

export interface ListenerSettings {
  readonly port: number;
  readonly host: string;
  /** Without it everybody who reaches the port may read. */
  readonly token?: string;
}

type Name = 'metricsPort' | 'metricsHost' | 'metricsToken' | 'readyOldestHours';

const VARIABLES: Readonly<Record<Name, string>> = {
  metricsPort: 'EXCHANGE_METRICS_PORT',
  metricsHost: 'EXCHANGE_METRICS_HOST',
  metricsToken: 'EXCHANGE_METRICS_TOKEN',
  readyOldestHours: 'EXCHANGE_READY_OLDEST_HOURS',
};

const LOOPBACK = '127.0.0.1';
const HOUR_MS = 3_600_000;
const setting = settingReader({
  zh: 'settings.js 的 exchangeMonitor',
  en: 'exchangeMonitor of settings.js:',
});

export class TelemetrySettings {
  readonly #text: (name: Name) => string;

  /** @param given the value of `exchangeMonitor`; what it does not name is taken from the environment */
  constructor(given: unknown, environment: NodeJS.ProcessEnv) {
    const own = (typeof given === 'object' && given !== null ? given : {}) as Readonly<
      Record<string, unknown>
    >;
    this.#text = name => {
      const value = own[name] ?? environment[VARIABLES[name]] ?? '';
      return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
    };
  }

  /** Age of an unfinished message from which on the process is not ready, in ms. @throws {ExchangeError} CONFIG */
  oldestMs(): number {
    return setting.number('readyOldestHours', this.#text('readyOldestHours'), 24, 0.01, 10_000) * HOUR_MS;
  }

  /**
   * Where a port of its own listens; undefined when none is wanted.
   * @throws {ExchangeError} CONFIG, also when others than this machine could read without a token
   */
  listener(): ListenerSettings | undefined {
    const port = setting.number('metricsPort', this.#text('metricsPort'), 0, 1, 65_535);
    if (port === 0) return undefined;
    const host = this.#text('metricsHost') || LOOPBACK;
    const token = this.#text('metricsToken');
    if (token === '' && !isLoopback(host)) throw open(host);
    return { port, host, ...(token !== '' && { token }) };
  }
}

/** A name may stand for anything, but for this one. */
function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = net.isIP(host);
  if (family === 0) return false;
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new net.BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const open = (host: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `监控指标端口未启动：地址 ${host} 可从其他机器访问，必须设置 metricsToken（或 EXCHANGE_METRICS_TOKEN）`,
      en: `the metrics port is not opened: at ${host} other machines could read it, so set metricsToken (or EXCHANGE_METRICS_TOKEN)`,
    },
    details: { setting: 'metricsToken' },
  });
