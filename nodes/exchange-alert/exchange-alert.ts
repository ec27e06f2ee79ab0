import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { type AlertTopic, alertKinds, alertTopics, type Alert, type Watcher } from '../../lib/alert/alert';
import { AlertBook } from '../../lib/alert/alert-book';
import { Patrol } from '../../lib/alert/patrol';
import { type AlertSettings, readAlertSettings } from '../../lib/alert/settings';
import { type KnownAudit, watchAudit } from '../../lib/alert/watch-audit';
import { watchCertificates } from '../../lib/alert/watch-certificates';
import { watchDatabases } from '../../lib/alert/watch-databases';
import { watchDisk } from '../../lib/alert/watch-disk';
import { STORES, watchStores } from '../../lib/alert/watch-stores';
import { testAlert, wordingOf } from '../../lib/alert/wording';
import { systemClock } from '../../lib/clock';
import type { Text } from '../../lib/errors';
import { openStores } from '../../lib/monitor/open-stores';
import { throttle } from '../../lib/monitor/throttle';
import { onFlowsStarted } from '../shared/flows-started';
import { onInput } from '../shared/input';
import { statusOf } from '../shared/status';
import { mountTest } from '../shared/test-route';
import type { AlertProps } from './exchange-alert.props';
import { raisedStatus } from './raised-status';
import { addressesOf, certificatesOf, databasesOf, foldersOf, hospitalOf } from './surroundings';

interface AlertNode extends Node {
  /** Undefined while a setting cannot be used. */
  readonly sendTest?: () => void;
}

/** As a gateway of text messages takes them. */
const SHORT = 500;
/** Events of deliveries have the stores looked at no more often. */
const HURRY_MS = 5000;

/** What is raised at a node by its id: a deploy raises nothing twice. */
const books = new Map<string, AlertBook>();
const knownAudits = new Map<string, KnownAudit>();

export default function register(RED: NodeAPI): void {
  function ExchangeAlert(this: AlertNode, def: NodeDef & AlertProps): void {
    RED.nodes.createNode(this, def);
    let settings: AlertSettings;
    try {
      settings = readAlertSettings(def);
    } catch (error) {
      statusOf(this)('bad', 'bad-settings');
      this.error(error instanceof Error ? error.message : String(error));
      return;
    }
    const showRaised = raisedStatus(this);
    const topics = new Set(alertTopics.filter(topic => def[topic]));
    const storeId = def.store ?? '';
    const book = bookOf(this, settings, topics, storeId);
    const send = (alert: Alert): void => {
      const { language, short } = def;
      const hospital = hospitalOf(RED, def.profile);
      const words = wordingOf(alert, { hospital, language, ...(short && { longest: SHORT }) });
      const msg: NodeMessage & { alert: Alert } = { ...words, alert };
      this.send(msg);
    };
    const patrol = new Patrol({
      clock: systemClock,
      book,
      watchers: watchersOf(settings, topics, storeId),
      send,
      onLooked: () => showRaised(book.raised),
      onProblem: error => this.warn(error instanceof Error ? error.message : String(error)),
    });
    Object.assign(this, { sendTest: () => send(testAlert(Date.now())) });

    const hurry = throttle<string>(HURRY_MS, systemClock, () => void patrol.look(STORES));
    const endEvents = openStores.onEvent(hurry);
    // What is watched runs by then.
    let isStarted = false;
    onFlowsStarted(RED, this, () => {
      if (!isStarted) patrol.start();
      isStarted = true;
      showRaised(book.raised);
    });
    onInput(this, () => patrol.look());
    this.on('close', (removed: boolean, done: () => void) => {
      endEvents();
      if (removed) books.delete(this.id);
      patrol.stop().then(done, done);
    });
  }
  RED.nodes.registerType('exchange-alert', ExchangeAlert);

  mountTest(RED, {
    type: 'exchange-alert',
    path: 'test',
    test: ({ id = '' }) => {
      const node = RED.nodes.getNode(id) as AlertNode | null;
      node?.sendTest?.();
      return Promise.resolve(node?.sendTest ? { ok: true, text: SENT } : { ok: false, text: NOT_DEPLOYED });
    },
  });

  function watchersOf(
    { limits }: AlertSettings,
    topics: ReadonlySet<AlertTopic>,
    storeId: string,
  ): readonly Watcher[] {
    const clock = systemClock;
    const stores = () => openStores.all().filter(({ id }) => storeId === '' || id === storeId);
    const watchers: Readonly<Partial<Record<AlertTopic, Watcher>>> = {
      disk: watchDisk({ stores, folders: () => foldersOf(RED), limits }),
      certificates: watchCertificates({
        own: () => certificatesOf(RED),
        called: () => addressesOf(RED),
        days: limits.certificateDays,
        clock,
      }),
      audit: watchAudit({ stores, clock, known: knownAudits }),
      databases: watchDatabases(() => databasesOf(RED)),
    };
    const ofStores = topics.has('delivery') || topics.has('queue') || topics.has('waiting');
    return [
      ...(ofStores
        ? [watchStores({ stores, topics, limits, nameOf: id => RED.nodes.getNode(id)?.name ?? '', clock })]
        : []),
      ...[...topics].flatMap(topic => watchers[topic] ?? []),
    ];
  }
}

/** The book of the node, which goes on after a deploy; what is not watched any longer is taken out. */
function bookOf(
  { id }: Node,
  { book: settings }: AlertSettings,
  topics: ReadonlySet<AlertTopic>,
  storeId: string,
): AlertBook {
  const book = books.get(id) ?? new AlertBook(settings, systemClock);
  books.set(id, book);
  book.configure(settings, (watcher, { kind, group }) => {
    const isOfStore = watcher === STORES || kind === 'audit' || kind === 'store-size';
    return topics.has(alertKinds[kind].topic) && (!isOfStore || storeId === '' || group === storeId);
  });
  return book;
}

const SENT: Text = {
  zh: '测试告警已从本节点输出，请查看告警渠道是否收到',
  en: 'the test alert has left the node: see whether it has arrived',
};
const NOT_DEPLOYED: Text = {
  zh: '请先部署：测试由已部署的节点发出',
  en: 'deploy first: the test is sent by the node that is deployed',
};
