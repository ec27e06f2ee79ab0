/** Publishing on our own HTTP server: files under unguessable names, with expiry, served to allowed networks. */
import { randomBytes } from 'node:crypto';
import { readFile, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { AllowedNetworks, callerAddress } from '../networks';
import { joinAddress } from './address';
import { AddressSigner, isFileName } from './address-signer';
import type { Content } from './content';
import type { Destination, StoreOptions, Stored } from './destination';
import { configError, fileError } from './failure';
import type { Facts } from './inspect';
import { LocalFolder, nameNew, temporaryName } from './local-folder';
import { refuse, serveFile } from './serve';

export interface HttpShelfOptions {
  /** Where the files are kept; made when it is missing. Nothing else belongs there. */
  readonly folder: string;
  /** The complete address under which `handler` is reached from outside. */
  readonly publishedAs: string;
  /** Days for which an address is good; 0 for ever. */
  readonly expiryDays: number;
  /** Signs the addresses, each with its own expiry. Without it they are random names. */
  readonly signKey?: string;
  readonly allowedNetworks: string;
  /** Believe a proxy's X-Forwarded-For. */
  readonly trustProxy: boolean;
  readonly now?: () => Date;
  /** Called after each file that was sent to its end. */
  readonly onServed?: () => void;
}

const DAY_MS = 86_400_000;
const KEY_FILE = '.report-file-key';
const KEY_BYTES = 32;

export class HttpShelf implements Destination {
  readonly #folder: LocalFolder;
  readonly #options: HttpShelfOptions;
  readonly #networks: AllowedNetworks;
  readonly #now: () => Date;
  #signer: Promise<AddressSigner> | undefined;

  /** @throws ExchangeError CONFIG for networks that are none */
  constructor(options: HttpShelfOptions) {
    this.#options = options;
    this.#folder = new LocalFolder(options.folder, { create: true });
    this.#networks = new AllowedNetworks(options.allowedNetworks);
    this.#now = options.now ?? (() => new Date());
  }

  async draft(name: string): Promise<string> {
    const signer = await this.#addresses();
    return this.#addressOf(signer, signer.fileNameFor(name), this.#now());
  }

  async store(name: string, content: Content, facts: Facts, options: StoreOptions): Promise<Stored> {
    const signer = await this.#addresses();
    const fileName = signer.fileNameFor(name);
    return this.#folder.turn(fileName, async () => {
      const change = await this.#folder.store(shelved(fileName), content, facts, options);
      const since = await this.#keepAlive(fileName, change !== 'unchanged');
      return { address: this.#addressOf(signer, fileName, since), change };
    });
  }

  /** Answers GET and HEAD below the shelf's path. Unknown, expired and forged look the same from outside. */
  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch(() => refuse(response, 404));
  };

  /** To be called once a day as well: files whose addresses have all expired go. */
  async tidy(signal: AbortSignal): Promise<void> {
    const root = await this.#folder.root();
    if (this.#options.expiryDays === 0) return;
    for (const shelf of await readdir(root)) {
      if (signal.aborted) return;
      if (!/^[\da-f]{2}$/.test(shelf)) continue;
      for (const fileName of await readdir(path.join(root, shelf))) {
        if (isFileName(fileName)) await this.#folder.turn(fileName, () => this.#removeIfExpired(fileName));
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { trustProxy, onServed } = this.#options;
    if (!this.#networks.admits(callerAddress(request, trustProxy))) return refuse(response, 403);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
    const fileName = await this.#fileAsked(request.url ?? '');
    if (fileName === undefined) return refuse(response, 404);
    const file = await this.#folder.pathOf(shelved(fileName));
    const sent = await serveFile(request, response, file);
    if (sent) onServed?.();
    return sent;
  }

  /** The file that a good address names. */
  async #fileAsked(url: string): Promise<string | undefined> {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const fileName = pathname.replace(/^\//, '');
    if (!isFileName(fileName)) return undefined;
    const now = this.#now().getTime();
    if (this.#options.signKey === undefined) {
      return now < (await this.#expiryOf(fileName)) ? fileName : undefined;
    }
    const expires = /^\d{1,11}$/.exec(searchParams.get('e') ?? '')?.[0];
    const signer = await this.#addresses();
    if (!signer.verify(fileName, Number(expires ?? 0), searchParams.get('s') ?? '')) return undefined;
    return expires === '0' || now < Number(expires) * 1000 ? fileName : undefined;
  }

  #addressOf(signer: AddressSigner, fileName: string, since: Date): string {
    const { publishedAs, expiryDays, signKey } = this.#options;
    const address = joinAddress(publishedAs, fileName);
    if (signKey === undefined) return address;
    const expires = expiryDays === 0 ? 0 : Math.floor((since.getTime() + expiryDays * DAY_MS) / 1000);
    return `${address}?e=${expires}&s=${signer.sign(fileName, expires)}`;
  }

  /**
   * The time from which a file's expiry counts, kept as the file's own time. A repeated publication keeps it, and so
   * its address, for half of the expiry; then it starts again.
   */
  async #keepAlive(fileName: string, isNew: boolean): Promise<Date> {
    const file = await this.#folder.pathOf(shelved(fileName));
    const now = new Date(Math.floor(this.#now().getTime() / 1000) * 1000);
    const { mtime } = await stat(file);
    const halfWay = mtime.getTime() + (this.#options.expiryDays * DAY_MS) / 2;
    if (!isNew && now.getTime() < halfWay) return mtime;
    await utimes(file, now, now);
    return now;
  }

  /** In ms since 1970; of a missing file minus infinity. */
  async #expiryOf(fileName: string): Promise<number> {
    const { expiryDays } = this.#options;
    const stats = await stat(await this.#folder.pathOf(shelved(fileName))).catch(() => undefined);
    if (!stats) return -Infinity;
    return expiryDays === 0 ? Infinity : stats.mtimeMs + expiryDays * DAY_MS;
  }

  async #removeIfExpired(fileName: string): Promise<void> {
    if ((await this.#expiryOf(fileName)) > this.#now().getTime()) return;
    await unlink(await this.#folder.pathOf(shelved(fileName))).catch(() => {});
  }

  #addresses(): Promise<AddressSigner> {
    this.#signer ??= this.#makeSigner().catch((error: unknown) => {
      this.#signer = undefined;
      throw fileError(error, { zh: '发布文件夹', en: 'the folder of published files' });
    });
    return this.#signer;
  }

  async #makeSigner(): Promise<AddressSigner> {
    if (this.#options.signKey !== undefined) return new AddressSigner(this.#options.signKey);
    return new AddressSigner(await folderKey(path.join(await this.#folder.root(), KEY_FILE)));
  }
}

/** Files stand in 256 folders: a folder of a million files is slow to list. */
const shelved = (fileName: string): string => `${fileName.slice(0, 2)}/${fileName}`;

/**
 * The folder's own secret, made when it is first used: names made with it are random to everybody else. It appears
 * whole or not at all, since half a secret would be no secret.
 */
async function folderKey(file: string): Promise<Buffer> {
  const draft = path.join(path.dirname(file), temporaryName());
  await writeFile(draft, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600, flush: true });
  await nameNew(draft, file);
  await unlink(draft).catch(() => {});
  const key = await readFile(file);
  if (key.length === KEY_BYTES) return key;
  throw configError({
    zh: `发布文件夹中的 ${KEY_FILE} 已损坏，请删除后重新部署；已发布的地址将失效`,
    en: `${KEY_FILE} in the folder of published files is damaged: delete it and deploy; published addresses end`,
  });
}
