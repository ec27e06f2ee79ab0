/** The address of a report → its file in a folder of this machine. */
import type { Readable } from 'node:stream';
import type { Text } from '../errors';
import { AllowedNetworks } from '../networks';
import type { SoapTlsOptions } from '../soap/tls';
import { decodePart, isUrl, withoutLogin } from './address';
import { openContent } from './content';
import { type Limits, withDeadline } from './deadline';
import { inputError } from './failure';
import { type FtpLogin, fetchFtp } from './fetch-ftp';
import { fetchHttp } from './fetch-http';
import { type MountedShare, openShared } from './fetch-share';
import { inspect } from './inspect';
import { LocalFolder, type OnConflict, type Staged } from './local-folder';
import { NameTemplate } from './name-template';
import type { ReportFileStory } from './publish';
import { Places } from './turns';

const AT_ONCE = 4;

export interface FetcherOptions {
  /** Where fetched files go; made when it is missing. */
  readonly folder: string;
  readonly template: string;
  readonly onConflict: OnConflict;
  readonly limits: Limits;
  readonly share: MountedShare;
  /** Hosts that addresses may lead to, as a list of CIDR; empty for any. Shares are limited by themselves. */
  readonly allowedNetworks?: string;
  readonly ftpLogins: Readonly<Record<string, FtpLogin>>;
  readonly tls?: SoapTlsOptions;
  readonly now?: () => Date;
}

/** `path`: the complete path of the file here. */
export interface FetchedReport extends ReportFileStory {
  readonly path: string;
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #template: NameTemplate;
  readonly #folder: LocalFolder;
  readonly #networks: AllowedNetworks;
  readonly #places = new Places(AT_ONCE);

  /** @throws ExchangeError CONFIG for a wrong template, and for networks that are none */
  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#networks = new AllowedNetworks(options.allowedNetworks ?? '');
    this.#template = new NameTemplate(options.template);
    this.#folder = new LocalFolder(options.folder, { create: true });
  }

  /** At start: removes what a crash left behind. */
  async tidy(): Promise<void> {
    await this.#folder.root();
  }

  /**
   * Fetches one http, https, ftp or ftps address, or a path of the configured share.
   *
   * @throws ExchangeError CONTRACT (address, type, encrypted, incomplete), CONFIG, TOO_LARGE, BUSINESS (name taken),
   *   HTTP_STATUS, TRANSPORT_…, TLS, ABORTED
   */
  fetch(address: unknown, lookUp: (name: string) => unknown, signal: AbortSignal): Promise<FetchedReport> {
    return this.#places.run(() =>
      withDeadline(this.#options.limits.timeoutMs, signal, within => this.#fetch(address, lookUp, within)),
    );
  }

  async #fetch(
    given: unknown,
    lookUp: (name: string) => unknown,
    signal: AbortSignal,
  ): Promise<FetchedReport> {
    const { now = () => new Date() } = this.#options;
    const startedAt = now();
    const started = performance.now();
    const address = typeof given === 'string' ? given.trim() : '';
    const file = fileNameOf(address);
    const staged = await this.#download(address, signal);
    try {
      const facts = await this.#check(staged, signal);
      const name = this.#template.expand({
        now: startedAt,
        type: facts.type,
        file,
        lookUp,
      });
      const change = await this.#folder.turn(name, () =>
        this.#folder.place(staged, name, facts, this.#options.onConflict),
      );
      return {
        service: 'ReportFilePath',
        outcome: 'accepted',
        change,
        ...facts,
        path: await this.#folder.pathOf(name),
        warnings: [...(withoutLogin(address).hadLogin ? [HAD_LOGIN] : []), ...facts.warnings],
        startedAt: startedAt.toISOString(),
        durationMs: Math.round(performance.now() - started),
      };
    } finally {
      await this.#folder.discard(staged);
    }
  }

  /** Into a temporary file, which is gone again when anything fails, even after its last byte. */
  async #download(address: string, signal: AbortSignal): Promise<Staged> {
    let staged: Staged | undefined;
    const stage = async (body: Readable): Promise<Staged> =>
      (staged = await this.#folder.stage(body, this.#options.limits.maxBytes, signal));
    try {
      return await this.#read(address, signal, stage);
    } catch (error) {
      if (staged) await this.#folder.discard(staged);
      throw error;
    }
  }

  async #read<T>(address: string, signal: AbortSignal, take: (body: Readable) => Promise<T>): Promise<T> {
    const { limits, tls, ftpLogins, share } = this.#options;
    const common = { maxBytes: limits.maxBytes, signal, networks: this.#networks, ...(tls && { tls }) };
    const url = /^(?:https?|ftps?):\/\//i.test(address) ? parse(address) : undefined;
    if (url?.protocol.startsWith('http')) return fetchHttp({ url, ...common }, take);
    if (url) return fetchFtp({ url, logins: ftpLogins, ...common }, take);
    if (!/^(?:\\\\|\/|[a-z]:[\\/])/i.test(address)) throw notAnAddress();
    const content = await openShared(address, share, limits.maxBytes);
    try {
      return await take(content.stream());
    } finally {
      await content.close();
    }
  }

  async #check(staged: Staged, signal: AbortSignal): ReturnType<typeof inspect> {
    const content = await openContent(staged.path, this.#options.limits.maxBytes);
    try {
      return await inspect(content, signal);
    } finally {
      await content.close();
    }
  }
}

/** The last part of an address without extension, for `{file}`. */
function fileNameOf(address: string): string {
  const path = isUrl(address) ? decodePart(parse(address).pathname) : address;
  return (path.split(/[\\/]/).at(-1) ?? '').replace(/\.\w{1,4}$/, '');
}

function parse(address: string): URL {
  if (URL.canParse(address)) return new URL(address);
  throw notAnAddress();
}

const notAnAddress = (): Error =>
  inputError({
    zh: '报告地址应以 http://、https://、ftp://、ftps:// 开头，或为共享路径',
    en: 'the address of a report starts with http://, https://, ftp:// or ftps://, or is a shared path',
  });

const HAD_LOGIN: Text = {
  zh: '报告地址中含有用户名和密码，会随地址保存和传播；请改用匿名地址，或在节点凭据中填写',
  en: 'the address holds user and password, which are stored and spread with it; use one without, and the credentials of the node',
};
