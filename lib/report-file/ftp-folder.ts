/** Publishing on an FTP server that the platform fetches from. */
import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { type Client, FTPError } from 'basic-ftp';
import { joinAddress } from './address';
import type { Content } from './content';
import type { Destination, StoreOptions, Stored } from './destination';
import { changedWhileRead, conflictError } from './failure';
import { type FtpServer, checkFtpPath, withFtp } from './ftp-session';
import type { Facts } from './inspect';
import { type Change, isAbandoned, isTemporary, temporaryName } from './local-folder';
import { Turns } from './turns';

export interface FtpFolderOptions {
  readonly server: FtpServer;
  /** Folder on the server; must exist. Empty for the one after login. */
  readonly folder: string;
  /** The folder's address as the platform reads it; empty for server and folder. */
  readonly publishedAs: string;
}

/** The server's word for a file that is not there. */
const NOT_THERE = 550;

export class FtpFolder implements Destination {
  readonly #server: FtpServer;
  readonly #folder: string;
  readonly #publishedAs: string;
  readonly #turns = new Turns();

  /** @throws ExchangeError CONFIG for a folder with control characters */
  constructor({ server, folder, publishedAs }: FtpFolderOptions) {
    checkFtpPath(folder);
    this.#server = server;
    this.#folder = folder;
    this.#publishedAs = publishedAs || defaultAddress(server, folder);
  }

  draft(name: string): Promise<string> {
    return Promise.resolve(joinAddress(this.#publishedAs, name));
  }

  async store(name: string, content: Content, facts: Facts, options: StoreOptions): Promise<Stored> {
    const change = await this.#turns.run(name, () =>
      this.#connected(options.signal, client => storeOn(client, name, content, facts, options)),
    );
    return { address: joinAddress(this.#publishedAs, name), change };
  }

  /** A folder that cannot be listed keeps them; they are hidden and hold nothing that was promised. */
  async tidy(signal: AbortSignal): Promise<void> {
    await this.#connected(signal, async client => {
      for (const { name } of await client.list()) {
        if (isTemporary(name) && isAbandoned(await client.lastMod(name))) await client.remove(name, true);
      }
    });
  }

  #connected<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    return withFtp(this.#server, signal, async client => {
      if (this.#folder) await client.cd(this.#folder);
      return work(client);
    });
  }
}

async function storeOn(
  client: Client,
  name: string,
  content: Content,
  facts: Facts,
  { onConflict }: StoreOptions,
): Promise<Change> {
  const size = await sizeOf(client, name);
  if (size === facts.bytes && (await sha256On(client, name)) === facts.sha256) return 'unchanged';
  if (size !== undefined && onConflict === 'error') throw conflictError();
  const staged = temporaryName();
  try {
    await upload(client, staged, content, facts);
    if (size === undefined) await makeFolders(client, name);
    await rename(client, staged, name, size !== undefined);
  } catch (error) {
    if (!client.closed) await client.remove(staged, true).catch(() => {});
    throw error;
  }
  return size === undefined ? 'created' : 'replaced';
}

/** Size of a file on the server; undefined when it is not there. */
async function sizeOf(client: Client, name: string): Promise<number | undefined> {
  try {
    return await client.size(name);
  } catch (error) {
    if (error instanceof FTPError && error.code === NOT_THERE) return undefined;
    throw error;
  }
}

async function sha256On(client: Client, name: string): Promise<string> {
  const hash = createHash('sha256');
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
  await client.downloadTo(sink, name);
  return hash.digest('hex');
}

/** Uploads under a temporary name, and makes sure that the server has exactly what was checked. */
async function upload(client: Client, staged: string, content: Content, facts: Facts): Promise<void> {
  const hash = createHash('sha256');
  const source = Readable.from(hashed(content.stream(), hash));
  source.on('error', () => {}); // reported by the upload
  await client.uploadFrom(source, staged);
  if (hash.digest('hex') !== facts.sha256) throw changedWhileRead();
  if ((await sizeOf(client, staged)) !== facts.bytes)
    throw new Error('the server has another number of bytes');
}

async function* hashed(source: Readable, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Makes the folders of a name; that one exists already is no fault. */
async function makeFolders(client: Client, name: string): Promise<void> {
  const segments = name.split('/').slice(0, -1);
  for (let depth = 1; depth <= segments.length; depth++) {
    await client.sendIgnoringError(`MKD ${segments.slice(0, depth).join('/')}`);
  }
}

/** Gives the final name. A server that renames over no file (IIS) gets the old one out of the way first. */
async function rename(client: Client, staged: string, name: string, taken: boolean): Promise<void> {
  try {
    await client.rename(staged, name);
    return;
  } catch (error) {
    if (!taken || !(error instanceof FTPError)) throw error;
  }
  const old = temporaryName();
  await client.rename(name, old);
  try {
    await client.rename(staged, name);
  } catch (error) {
    await client.rename(old, name);
    throw error;
  }
  await client.remove(old, true);
}

function defaultAddress({ host, port, secure }: FtpServer, folder: string): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  const origin = `${secure ? 'ftps' : 'ftp'}://${bracketed}${port === 21 ? '' : `:${port}`}`;
  const path = folder.split('/').filter(Boolean).join('/');
  return path ? joinAddress(origin, path) : origin;
}
