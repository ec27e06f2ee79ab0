/** A real PostgreSQL server in a folder of its own, which may be killed and started again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { PostgresqlSettings } from '../../lib/store/settings';
import { freePort } from './port';

const LOGIN = { user: 'exchange', password: 'right@test', database: 'postgres' };

const ROOTS = ['/usr/lib/postgresql', '/usr/local'];

/** Folder of `initdb` and `postgres`; undefined when there is no PostgreSQL. */
export function findPostgresql(): string | undefined {
  const folders = ROOTS.flatMap(root => [
    root,
    ...(fs.existsSync(root) ? fs.readdirSync(root).map(name => path.join(root, name)) : []),
  ]);
  return folders
    .map(folder => path.join(folder, 'bin'))
    .find(
      folder => fs.existsSync(path.join(folder, 'initdb')) && fs.existsSync(path.join(folder, 'postgres')),
    );
}

/** PostgreSQL refuses to run as root: it gets the user that its package has made. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export interface PostgresqlOptions {
  /** Offers TLS with this certificate. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Server settings beside ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class Postgresql {
  readonly port: number;
  readonly #bin: string;
  readonly #folder: string;
  readonly #options: PostgresqlOptions;
  #process: ChildProcess | undefined;
  #schemas = 0;

  private constructor(bin: string, folder: string, port: number, options: PostgresqlOptions) {
    this.#bin = bin;
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  static async start(options: PostgresqlOptions = {}): Promise<Postgresql> {
    const bin = findPostgresql();
    if (bin === undefined) throw new Error('PostgreSQL is not installed');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postgresql-'));
    const owner = account();
    const own = (file: string): void => {
      if (owner) fs.chownSync(file, owner.uid, owner.gid);
    };
    own(folder);
    const secret = path.join(folder, 'password');
    fs.writeFileSync(secret, LOGIN.password);
    own(secret);
    const args = ['--auth=scram-sha-256', '-U', LOGIN.user, `--pwfile=${secret}`, '--locale=C', '-E', 'UTF8'];
    execFileSync(path.join(bin, 'initdb'), [...args, '--no-sync', '-D', path.join(folder, 'data')], {
      stdio: 'ignore',
      ...owner,
    });
    for (const [name, content] of Object.entries(options.tls ?? {})) {
      const file = path.join(folder, `${name}.pem`);
      fs.writeFileSync(file, content, { mode: 0o600 });
      own(file);
    }
    const server = new Postgresql(bin, folder, await freePort(), options);
    // The server is no child that dies with us.
    process.once('exit', () => server.#process?.kill('SIGKILL'));
    await server.restart();
    return server;
  }

  /** Settings of a store of its own. */
  settings(changes: Partial<PostgresqlSettings> = {}): PostgresqlSettings {
    return {
      kind: 'postgresql',
      host: '127.0.0.1',
      port: this.port,
      ...LOGIN,
      tls: 'off',
      schema: `store_${++this.#schemas}`,
      secret: 'TEST-SECRET',
      ...changes,
    };
  }

  /** Starts it, after {@link kill} with what had been written to disk. */
  async restart(): Promise<void> {
    const settings: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: this.#folder,
      ...(this.#options.tls && {
        ssl: 'on',
        ssl_cert_file: path.join(this.#folder, 'cert.pem'),
        ssl_key_file: path.join(this.#folder, 'key.pem'),
      }),
      ...this.#options.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    for (const end = Date.now() + 20_000; Date.now() < end; await pause(50)) {
      const server = spawn(
        path.join(this.#bin, 'postgres'),
        ['-D', path.join(this.#folder, 'data'), ...args],
        {
          stdio: 'ignore',
          ...account(),
        },
      );
      this.#process = server;
      // Refuses to start as long as a child of the killed one is there.
      if (await this.#serves(server)) return;
    }
    throw new Error('PostgreSQL does not start');
  }

  /** Ends the server at once, as a crash does; what it had not synced stays in the system's cache. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the server in order; connections are cut. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Cuts all connections but this one. */
  async cutAll(): Promise<void> {
    await this.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = $1',
      LOGIN.user,
    );
  }

  /** Keeps everybody from writing to a table of a store. Gives the function that ends it. */
  async lock({ schema }: PostgresqlSettings, table: string): Promise<() => Promise<void>> {
    const client = this.#client();
    // It may be cut off with the others.
    client.on('error', () => {});
    await client.connect();
    await client.query(`begin; lock table ${schema}.${table} in exclusive mode`);
    return () => client.end().catch(() => {});
  }

  /** Resolves when somebody waits for a lock of {@link lock}. */
  async untilWaiting({ schema }: PostgresqlSettings): Promise<void> {
    const waiting = `select 1 from pg_locks where not granted and relation = '${schema}.message'::regclass`;
    for (const end = Date.now() + 10_000; Date.now() < end; await pause(10))
      if ((await this.query(waiting)).length > 0) return;
    throw new Error('nobody waits for the lock');
  }

  /** Runs one statement on a connection of its own. */
  async query(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    const client = this.#client();
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.stop();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  #client(): Client {
    return new Client({ host: '127.0.0.1', port: this.port, ...LOGIN });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  }

  async #serves(server: ChildProcess): Promise<boolean> {
    for (const end = Date.now() + 20_000; Date.now() < end; await pause(20)) {
      if (server.exitCode !== null) return false;
      try {
        await this.query('select 1');
        return true;
      } catch {
        // It recovers, or is not listening yet.
      }
    }
    return false;
  }
}
