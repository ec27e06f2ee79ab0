import type { Node, NodeAPI, NodeDef } from 'node-red';
import { ExchangeError, bilingual } from '../../lib/errors';
import { lookUpIn } from '../../lib/report-file/name-template';
import type { ReportFileStory } from '../../lib/report-file/publish';
import type { SoapTlsOptions } from '../../lib/soap/tls';
import { mountRoute } from '../shared/http-route';
import { onInput } from '../shared/input';
import { valueOf } from '../shared/property';
import { statusOf } from '../shared/status';
import type { PublishingNode } from './publishing-node';
import type { ReportFileCredentials, ReportFileProps } from './report-file.props';
import { servedCounter } from './served-counter';
import { type Surroundings, makeFetcher, makePublisher, settingWarnings, workFolderOf } from './services';

type ReportFileNode = Node<ReportFileCredentials> & PublishingNode;
type LookUp = (name: string) => unknown;

/** The story for `msg.exchange`, and what the message gets besides. */
interface Done {
  readonly story: ReportFileStory;
  readonly result: Readonly<Record<string, string>>;
}

/** What the node does, and how it ends. */
interface Work {
  handle(content: unknown, lookUp: LookUp, signal: AbortSignal): Promise<Done>;
  close(): void;
}

const DAY_MS = 86_400_000;

export default function register(RED: NodeAPI): void {
  function ReportFile(this: ReportFileNode, def: NodeDef & ReportFileProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const closing = new AbortController();
    const running = new Set<Promise<unknown>>();
    for (const warning of settingWarnings(def)) this.warn(bilingual(warning));
    const work = start(RED, this, def, closing.signal);
    if (work instanceof Error) status('bad', 'not-ready');
    else Object.assign(this, { workFolder: workFolderOf(def, RED.settings.userDir ?? '.') });

    onInput(this, async (msg, send) => {
      if (work instanceof Error) throw work;
      status('busy', 'working');
      try {
        const content = await valueOf(RED, this, def.property, def.propertyType, msg);
        const lookUp: LookUp = name => lookUpIn([msg, msg['report'], msg.payload], name);
        const { story, result } = await tracked(running, work.handle(content, lookUp, closing.signal));
        for (const warning of story.warnings) this.warn(bilingual(warning));
        status(story.warnings.length > 0 ? 'warn' : 'good', def.mode === 'fetch' ? 'fetched' : 'published');
        send(Object.assign(msg, result, { exchange: { ...handoverOf(msg), ...story } }));
      } catch (error) {
        status('bad', 'failed');
        throw error;
      }
    });
    this.on('close', (_removed: boolean, done: () => void) => {
      closing.abort();
      if (!(work instanceof Error)) work.close();
      void Promise.allSettled(running).then(() => done());
    });
  }
  RED.nodes.registerType('report-file', ReportFile, {
    credentials: {
      ftpUser: { type: 'text' },
      ftpPassword: { type: 'password' },
      signKey: { type: 'password' },
    },
  });
}

/** Sets the work up; a fault of the settings is given back, and told on every message. */
function start(
  RED: NodeAPI,
  node: ReportFileNode,
  def: ReportFileProps,
  closing: AbortSignal,
): Work | ExchangeError {
  try {
    const around = surroundingsOf(RED, node, def);
    return def.mode === 'fetch' ? fetching(def, around) : publishing(RED, node, def, around, closing);
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
}

function publishing(
  RED: NodeAPI,
  node: ReportFileNode,
  def: ReportFileProps,
  around: Surroundings,
  closing: AbortSignal,
): Work {
  const { publisher, destination, shelf } = makePublisher(def, around);
  const unmount = shelf && mountRoute(RED, def.urlPath, shelf.handler, { below: true });
  if (shelf && !unmount) throw pathTaken();
  // What cannot be tidied now is told by the first publication, which needs the same folder.
  const tidy = (): void => void destination.tidy(closing).catch(() => {});
  tidy();
  const daily = setInterval(tidy, DAY_MS);
  node.publishing = {
    publish: (content, lookUp, signal) => publisher.publish(content, lookUp, signal),
    own: shelf !== undefined,
  };
  return {
    async handle(content, lookUp, signal) {
      const { address, ...story } = await publisher.publish(content, lookUp, signal);
      return { story, result: { payload: address, reportfilepath: address } };
    },
    close() {
      clearInterval(daily);
      unmount?.();
    },
  };
}

function fetching(def: ReportFileProps, around: Surroundings): Work {
  const fetcher = makeFetcher(def, around);
  void fetcher.tidy().catch(() => {}); // told by the first fetch
  return {
    async handle(address, lookUp, signal) {
      const { path, ...story } = await fetcher.fetch(address, lookUp, signal);
      return { story, result: { payload: path } };
    },
    close() {},
  };
}

function surroundingsOf(RED: NodeAPI, node: ReportFileNode, def: ReportFileProps): Surroundings {
  const tlsNode = (def.tls ? RED.nodes.getNode(def.tls) : null) as
    (Node & { addTLSOptions(options: object): SoapTlsOptions }) | null;
  const { userDir = '.', httpNodeRoot = '/' } = RED.settings;
  return {
    credentials: node.credentials ?? {},
    userDir,
    httpNodeRoot: httpNodeRoot === false ? '/' : httpNodeRoot,
    ...(tlsNode && { tls: tlsNode.addTLSOptions({}) }),
    onServed: servedCounter(node),
  };
}

/** A durable source waits for the end of its chain, of which this node is a link. */
function handoverOf(msg: Record<string, unknown>): { handover?: unknown } {
  const handover = lookUpIn([msg['exchange']], 'handover');
  return handover === undefined ? {} : { handover };
}

function tracked<T>(running: Set<Promise<unknown>>, task: Promise<T>): Promise<T> {
  running.add(task);
  const forget = (): void => void running.delete(task);
  task.then(forget, forget);
  return task;
}

const pathTaken = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '该服务路径已被另一个节点使用，请换一个',
      en: 'another node has this path already, choose another one',
    },
  });
