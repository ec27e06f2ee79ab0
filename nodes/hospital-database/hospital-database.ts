import path from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DatabaseDriver, StateChange } from '../../lib/database/driver';
import { type DatabaseTexts, openDatabase, readDatabaseSettings } from '../../lib/database/settings';
import { ExchangeError, type Text, bilingual } from '../../lib/errors';
import { telemetry } from '../../lib/telemetry/telemetry';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { hospitalProcedures } from '../../lib/simulator/hospital/procedures';
import { formatDateTime, wallClockOf } from '../../lib/contract/dates';
import type { HospitalDatabaseNode } from './database-node';
import type { HospitalDatabaseCredentials, HospitalDatabaseProps } from './hospital-database.props';

/** A test must not make people wait as long as the work may. */
const TEST_TIMEOUT_S = 15;
/** What the editor shows instead of a password that it does not know. */
const UNCHANGED = '__PWRD__';

type Asked = Partial<HospitalDatabaseProps> & Partial<HospitalDatabaseCredentials> & { readonly id?: string };

export default function register(RED: NodeAPI): void {
  function HospitalDatabase(this: HospitalDatabaseNode, def: NodeDef & HospitalDatabaseProps): void {
    RED.nodes.createNode(this, def);
    let driver: DatabaseDriver;
    let hospital: SyntheticHospital | undefined;
    try {
      const settings = readDatabaseSettings(def, this.credentials ?? {}, resolve);
      if (settings.kind === 'sqlite' && def.testData)
        hospital = new SyntheticHospital({
          path: settings.file,
          today: formatDateTime(wallClockOf(new Date()), 'yyyy-MM-dd'),
        });
      driver = openDatabase(settings, hospital && hospitalProcedures(hospital));
    } catch (error) {
      // Said now, not at the first statement.
      this.error(error instanceof Error ? error.message : String(error));
      return;
    }
    Object.assign(this, { driver });
    driver.onChange(change => tell(this, change));
    const leave = telemetry.databases.add({ id: this.id, name: this.name ?? '', driver });
    this.on('close', (_removed: boolean, done: () => void) => {
      const end = (): void => {
        hospital?.close();
        done();
      };
      leave();
      driver.close().then(end, end);
    });
  }
  RED.nodes.registerType('hospital-database', HospitalDatabase, {
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
  });

  RED.httpAdmin.post(
    '/hospital-database/test',
    RED.auth.needsPermission('hospital-database.write'),
    (request, response) => {
      void test(request.body as Asked).then(result => response.json(result));
    },
  );

  function resolve(file: string): string {
    return path.resolve(RED.settings.userDir ?? process.cwd(), file);
  }

  /** The dialog's values may name variables of the environment. */
  function fromEnvironment<T>(given: T): T | string {
    if (typeof given !== 'string' || !/\$\{/.test(given)) return given;
    return String(RED.util.evaluateNodeProperty(given, 'env', {} as Node, {}) ?? '');
  }

  async function test(asked: Asked): Promise<{ ok: boolean; text: Text; durationMs: number }> {
    const startedAt = Date.now();
    const answer = (ok: boolean, text: Text) => ({ ok, text, durationMs: Date.now() - startedAt });
    let driver: DatabaseDriver | undefined;
    try {
      const texts: DatabaseTexts & HospitalDatabaseCredentials = Object.fromEntries(
        Object.entries(asked).map(([name, given]) => [name, fromEnvironment(given)]),
      ) as never;
      const settings = readDatabaseSettings(
        texts,
        { user: texts.user, password: passwordOf(asked) },
        resolve,
      );
      driver = openDatabase(
        settings.kind === 'sqlite'
          ? settings
          : {
              ...settings,
              connectMs: shortened(settings.connectMs),
              requestMs: shortened(settings.requestMs),
            },
      );
      const { facts } = await driver.test();
      return answer(true, {
        zh: facts.map(({ zh }) => zh).join('；'),
        en: facts.map(({ en }) => en).join('; '),
      });
    } catch (error) {
      const unknown = { zh: '测试失败', en: 'the test failed' };
      return answer(false, error instanceof ExchangeError ? error.text : unknown);
    } finally {
      await driver?.close();
    }
  }

  /** The editor does not know the password of a node that was deployed before. */
  function passwordOf({ id, password }: Asked): string {
    if (password !== UNCHANGED) return fromEnvironment(password ?? '');
    const known = RED.nodes.getCredentials(id ?? '') as Partial<HospitalDatabaseCredentials> | null;
    return fromEnvironment(known?.password ?? '');
  }
}

const shortened = (ms: number): number => Math.min(ms, TEST_TIMEOUT_S * 1000);

/** One line in the log for each change. */
function tell(node: Node, { state, failure }: StateChange): void {
  if (failure) node.warn(failure.message);
  else if (state === 'up') node.log(bilingual({ zh: '数据库已连接', en: 'the database is connected' }));
}
