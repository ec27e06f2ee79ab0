#!/usr/bin/env node
/** The command `exchange-store`: what is done with a message store outside of Node-RED. */
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Misuse, type Print, guarded } from '../command-line';
import { ExchangeError } from '../errors';
import { backUp, restore } from './backup';
import { runFileTask } from './file-task';
import { migrate } from './migrate';
import { openForReading } from './open-store';
import type { EmbeddedSettings, PostgresqlSettings, SqlServerSettings } from './settings';
import { verifyAudit } from './verify-audit';

const USAGE = `exchange-store：消息库维护 | maintenance of the message store

  exchange-store check FILE              文件是否完好、审计链是否完整（可在使用中运行）
                                         whether the file and the audit chain are whole (may be in use)
  exchange-store backup FILE COPY        备份（可在使用中运行；密钥须另行保存）
                                         a copy (may be in use; keep the key elsewhere)
  exchange-store restore COPY FILE       恢复备份（先停止 Node-RED）
                                         puts a copy back (stop Node-RED first)
  exchange-store migrate FILE ADDRESS    迁入共享数据库（先停止 Node-RED），地址如
                                         moves into a shared database (stop Node-RED first), as
                                         postgresql://user@host:5432/database?tls=verify
                                         sqlserver://user@host:1433/database?tls=trust

密钥取自环境变量 EXCHANGE_STORE_KEY，否则取自 FILE.key；数据库密码取自 EXCHANGE_STORE_PASSWORD
The key is taken from EXCHANGE_STORE_KEY, else from FILE.key; the database's password from EXCHANGE_STORE_PASSWORD
`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs one command. Gives the exit code. */
export const runCommand = (
  args: readonly string[],
  environment: Environment,
  print: Print,
): Promise<number> =>
  guarded(USAGE, print, async () => {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const [command, first = '', second = ''] = positionals;
    const run = commands[command ?? ''];
    if (!run || positionals.length !== run.words) throw new Misuse();
    return run.run(first, second, environment, print);
  });

interface Command {
  /** The command's name and what it needs. */
  readonly words: 2 | 3;
  run(
    first: string,
    second: string,
    environment: Environment,
    print: (line: string) => void,
  ): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  check: {
    words: 2,
    async run(file, _none, environment, print) {
      const settings = embeddedSettings(file, environment);
      await runFileTask({ kind: 'check', file });
      print(`文件完好 | the file is whole: ${file}`);
      const store = await openForReading(settings);
      try {
        const { records, brokenAt } = await verifyAudit(store);
        print(
          brokenAt === null
            ? `审计链完整，${records} 条记录 | the audit chain is whole: ${records} records`
            : `审计链在第 ${brokenAt} 条记录处被改动 | the audit chain was changed at record ${brokenAt}`,
        );
        for (const { channel, state, count } of await store.tallies({}))
          print(`${channel} ${state} ${count}`);
        return brokenAt === null ? 0 : 1;
      } finally {
        await store.close();
      }
    },
  },
  backup: {
    words: 3,
    async run(file, copy, _environment, print) {
      await backUp(file, copy);
      print(`已备份并核对 | backed up and checked: ${copy}`);
      return 0;
    },
  },
  restore: {
    words: 3,
    async run(copy, file, _environment, print) {
      const kept = await restore(copy, file);
      print(`已恢复 | restored: ${file}`);
      if (kept) print(`原文件保留在 | the old file is kept as ${kept}`);
      return 0;
    },
  },
  migrate: {
    words: 3,
    async run(file, address, environment, print) {
      const from = embeddedSettings(file, environment);
      const { messages, auditRecords } = await migrate(from, sharedAt(address, from, environment));
      print(
        `已迁移并核对：${messages} 条消息，${auditRecords} 条审计记录 | moved and counted: ${messages} messages, ${auditRecords} audit records`,
      );
      return 0;
    },
  },
};

/**
 * The settings of a store's file, with its key from the environment or from beside it.
 * @throws {ExchangeError} CONFIG
 */
export function embeddedSettings(file: string, environment: Environment): EmbeddedSettings {
  if (!fs.existsSync(file)) throw wrong(`文件 ${file} 不存在`, `there is no file ${file}`);
  return { kind: 'embedded', file, secret: environment['EXCHANGE_STORE_KEY'] || keyBeside(file) };
}

function keyBeside(file: string): string {
  try {
    return fs.readFileSync(`${file}.key`, 'utf8').trim();
  } catch {
    throw wrong('请设置环境变量 EXCHANGE_STORE_KEY', 'set EXCHANGE_STORE_KEY');
  }
}

function sharedAt(
  address: string,
  { secret }: EmbeddedSettings,
  environment: Environment,
): PostgresqlSettings | SqlServerSettings {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const kind =
    url?.protocol === 'postgresql:' ? 'postgresql' : url?.protocol === 'sqlserver:' ? 'sqlserver' : null;
  const tls = url?.searchParams.get('tls') ?? 'verify';
  if (!url || !kind || !/^(?:off|verify|trust|legacy)$/.test(tls))
    throw wrong('地址无法识别', 'the address is none');
  const server = {
    host: url.hostname,
    ...(url.port && { port: Number(url.port) }),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: environment['EXCHANGE_STORE_PASSWORD'] ?? '',
    secret,
  };
  const schema = url.searchParams.get('schema');
  return kind === 'postgresql'
    ? { kind, ...server, tls: tls === 'off' || tls === 'trust' ? tls : 'verify', ...(schema && { schema }) }
    : { kind, ...server, tls: tls as SqlServerSettings['tls'] };
}

const wrong = (zh: string, en: string): ExchangeError =>
  new ExchangeError({ code: 'CONFIG', retry: 'never', text: { zh, en } });

if (require.main === module) {
  void runCommand(process.argv.slice(2), process.env, line => console.log(line)).then(code => {
    process.exitCode = code;
  });
}
