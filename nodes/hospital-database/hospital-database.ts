import path from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DatabaseDriver, StateChange } from '../../lib/database/driver';
import { openDatabase, readDatabaseSettings } from '../../lib/database/settings';
import { type Text, bilingual } from '../../lib/errors';
import { telemetry } from '../../lib/telemetry/telemetry';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { hospitalProcedures } from '../../lib/simulator/hospital/procedures';
import { formatDateTime, wallClockOf } from '../../lib/contract/dates';
import { TEST_TIMEOUT_MS, mountTest } from '../shared/test-route';
import type { HospitalDatabaseNode } from './database-node';
import type { HospitalDatabaseCredentials, HospitalDatabaseProps } from './hospital-database.props';

/** What the editor shows instead of a password that it does not know. */
const UNCHANGED = '__PWRD__';

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

  mountTest(RED, { type: 'hospital-database', path: 'test', test });

  function resolve(file: string): string {
    return path.resolve(RED.settings.userDir ?? process.cwd(), file);
  }

  async function test(texts: Readonly<Record<string, string>>): Promise<{ ok: boolean; text: Text }> {
    const { readOnly: _none, ...settled } = texts;
    const settings = readDatabaseSettings(
      settled,
      { user: texts['user'], password: passwordOf(texts) },
      resolve,
    );
    const { kind } = settings;
    const driver = openDatabase(
      kind === 'sqlite'
        ? settings
        : {
            ...settings,
            connectMs: Math.min(settings.connectMs, TEST_TIMEOUT_MS),
            requestMs: Math.min(settings.requestMs, TEST_TIMEOUT_MS),
          },
    );
    try {
      const { facts } = await driver.test();
      return {
        ok: true,
        text: { zh: facts.map(({ zh }) => zh).join('；'), en: facts.map(({ en }) => en).join('; ') },
      };
    } finally {
      await driver.close();
    }
  }

  /** The editor does not know the password of a node that was deployed before. Of another type's node it is not had. */
  function passwordOf({ id = '', password = '' }: Readonly<Record<string, string>>): string {
    if (password !== UNCHANGED || RED.nodes.getNode(id)?.type !== 'hospital-database')
      return password === UNCHANGED ? '' : password;
    const known = RED.nodes.getCredentials(id) as Partial<HospitalDatabaseCredentials> | null;
    return known?.password ?? '';
  }
}

/** One line in the log for each change. */
function tell(node: Node, { state, failure }: StateChange): void {
  if (failure) node.warn(failure.message);
  else if (state === 'up') node.log(bilingual({ zh: '数据库已连接', en: 'the database is connected' }));
}
