/** Looks at the hospital's databases: one that is out of reach gives no reports. */
import type { DatabaseDriver, DatabaseState } from '../database/driver';
import type { Text } from '../errors';
import { shownText } from '../privacy/shown-text';
import type { Finding, Watcher } from './alert';

export interface WatchedDatabase {
  readonly id: string;
  readonly name: string;
  readonly driver: Pick<DatabaseDriver, 'state' | 'onChange'>;
}

const EVERY_MS = 30_000;
const FIRST_MS = 20_000;
/** A connection that was cut is there again in seconds. */
const DOWN_PATIENCE_MS = 60_000;

export function watchDatabases(databases: () => readonly WatchedDatabase[]): Watcher {
  const reasons = new WeakMap<object, Text>();
  const listening = new WeakSet<object>();
  /** A driver tells why only at the moment when it fails. */
  const listen = (driver: WatchedDatabase['driver']): void => {
    if (listening.has(driver)) return;
    listening.add(driver);
    driver.onChange(({ failure }) => {
      if (failure) reasons.set(driver, failure.text);
    });
  };
  return {
    name: 'databases',
    firstMs: FIRST_MS,
    everyMs: EVERY_MS,
    look() {
      const all = databases();
      for (const { driver } of all) listen(driver);
      return Promise.resolve({
        findings: all.flatMap(database => findingOf(database, reasons.get(database.driver))),
      });
    },
  };
}

function findingOf({ id, name, driver: { state } }: WatchedDatabase, reason: Text | undefined): Finding[] {
  if (state !== 'down' && state !== 'refused') return [];
  const zh = reason ? `原因：${shownText(reason.zh, [])}` : '';
  const en = reason ? ` Reason: ${shownText(reason.en, [])}` : '';
  return [
    {
      kind: 'database',
      key: id,
      group: id,
      level: 'error',
      subject: name || id,
      patienceMs: state === 'down' ? DOWN_PATIENCE_MS : 0,
      text: { zh: `${WORDS[state].zh}${zh}`, en: `${WORDS[state].en}${en}` },
      remedy: REMEDIES[state],
    },
  ];
}

type Trouble = Extract<DatabaseState, 'down' | 'refused'>;

const WORDS: Readonly<Record<Trouble, Text>> = {
  down: {
    zh: '数据库连不上，正在自动重试；期间的新数据在恢复后补读。',
    en: 'The database is out of reach and is tried again; what is new meanwhile is read later.',
  },
  refused: {
    zh: '数据库拒绝连接，已停止重试。',
    en: 'The database refuses us; it is not tried again by itself.',
  },
};

const REMEDIES: Readonly<Record<Trouble, Text>> = {
  down: {
    zh: '检查数据库服务器、网络和防火墙。',
    en: 'Check the database server, the network and the firewall.',
  },
  refused: {
    zh: '核对医院数据库节点的用户、密码、数据库名和加密方式，用「测试」按钮确认后部署。',
    en: 'Check user, password, name and encryption in the database node, try its test button, and deploy.',
  },
};
