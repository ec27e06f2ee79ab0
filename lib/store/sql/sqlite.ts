/** The embedded database: one file, one process, every commit on disk before it is reported. */
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../../errors';
import { SqliteDatabase } from '../../sqlite';
import type { SqlConnection, SqlDialect, SqlSession } from './session';

export interface SqliteOptions {
  readonly file: string;
  /** Largest size of the file. New work is refused at two thirds of it: settling what is there needs room too. */
  readonly maxMiB?: number;
}

const PAGE_BYTES = 4096;
const CACHE_KIB = 16_384;
/** Pages given back to the disk in one step: 2 MiB. */
const SHRINK_PAGES = 512;
/** Share of the size limit that new messages may fill; outcomes and audit records go into the rest. */
const NEW_WORK = 2 / 3;
/** What new messages leave free on the disk. */
const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  shared: false,
  types: {
    sequence: 'integer primary key autoincrement',
    integer: 'integer',
    bigint: 'integer',
    short: 'text',
    text: 'text',
    blob: 'blob',
  },
  create: (kind, name, rest) => `create ${kind} if not exists ${name} ${rest}`,
  first: (select, limit) => `${select} limit ${limit}`,
  lock: (columns, where) => `select ${columns} from message where ${where}`,
  passing: table => table,
  insertMissing: (table, columns) =>
    `insert or ignore into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  lockKeys: () => Promise.resolve(),
  async shrink(session) {
    await session.all(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
  },
  async lockMeta(session, name) {
    const [row] = await session.all('select value from meta where name = ?', [name]);
    return row && String(row['value']);
  },
  claim: ({ set, where, order, limit, columns }) =>
    `update message set ${set} where seq in` +
    ` (select seq from message where ${where} order by ${order} limit ${limit}) returning ${columns}`,
};

export class SqliteConnection implements SqlConnection {
  readonly dialect = sqliteDialect;
  readonly #database: SqliteDatabase;
  readonly #session: SqlSession;
  readonly #folder: string;
  readonly #maxPages: number;

  /** @throws {ExchangeError} STORE when the file cannot be opened */
  constructor({ file, maxMiB = 0 }: SqliteOptions) {
    this.#folder = path.dirname(file);
    this.#maxPages = Math.floor((maxMiB * 1024 * 1024) / PAGE_BYTES);
    this.#database = open(file);
    this.#database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    if (this.#maxPages > 0) this.#database.exec(`PRAGMA max_page_count = ${this.#maxPages}`);
    this.#session = {
      all: (sql, values = []) => Promise.resolve(this.#database.all(sql, ...values) as never),
      run: (sql, values = []) => Promise.resolve(this.#database.run(sql, ...values).changes),
      needRoom: () => {
        if (!this.#hasRoom()) throw full();
      },
    };
  }

  async transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = await work(this.#session);
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        this.#rollback();
        throw error;
      }
    } catch (error) {
      throw storeError(error);
    }
  }

  clockOffset(): number {
    return 0;
  }

  close(): Promise<void> {
    try {
      // All of it in the one file, for those who copy it.
      this.#database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The log is read at the next start.
    }
    this.#database.close();
    return Promise.resolve();
  }

  #hasRoom(): boolean {
    const pages = (name: string): number => Number(this.#database.get(`PRAGMA ${name}`)?.[name]);
    if (this.#maxPages > 0 && pages('page_count') - pages('freelist_count') > this.#maxPages * NEW_WORK)
      return false;
    // Some network disks tell nothing: SQLite itself finds out when they are full.
    const { blocks, bavail, bsize } = fs.statfsSync(this.#folder);
    return blocks === 0 || bavail * bsize > DISK_RESERVE_BYTES;
  }

  #rollback(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // A full disk ends the transaction by itself.
    }
  }
}

function open(file: string): SqliteDatabase {
  try {
    return SqliteDatabase.open(file, { shrinks: true });
  } catch {
    throw new ExchangeError({
      code: 'STORE',
      retry: 'never',
      text: {
        zh: `无法打开消息库文件 ${file}：请检查路径、权限，以及该文件是否完好；损坏时请用备份恢复`,
        en: `the file of the message store ${file} cannot be opened: check its path, its permissions and that it is whole; restore a backup if it is damaged`,
      },
    });
  }
}

const full = (): ExchangeError =>
  new ExchangeError({
    code: 'STORE_FULL',
    retry: 'retry',
    text: {
      zh: '消息库所在磁盘已满，或已达到设定的大小上限：消息未接收。请清理磁盘或调大上限，已接收的消息不受影响',
      en: 'the disk of the message store is full, or its size limit is reached: the message was not taken over. Free space or raise the limit; what was taken over before is safe',
    },
  });

/** SQLite's primary result codes, which both engines give in one way or another. */
function storeError(error: unknown): Error {
  if (error instanceof ExchangeError || !(error instanceof Error)) return error as Error;
  const said = `${error.message} ${'errstr' in error && typeof error.errstr === 'string' ? error.errstr : ''}`;
  if (/full/i.test(said)) return full();
  if (/malformed|not a database|corrupt|disk I\/O/i.test(said)) {
    return new ExchangeError({
      code: 'STORE',
      retry: 'never',
      text: {
        zh: '消息库文件已损坏或磁盘出错：请停用并用备份恢复',
        en: 'the file of the message store is damaged, or its disk fails: stop it and restore a backup',
      },
    });
  }
  return error;
}
