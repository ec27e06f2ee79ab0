/**
 * What a kill -9 costs, side by side: the chain of our nodes, and what an integrator builds of core nodes: a queue in
 * Node-RED's file context, which answers 200 once it has a message.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Chance } from '../../test/support/chance';
import { readStep, writeChain } from '../../test/support/crash-chain';
import { FlakyPeer, type Received } from '../../test/support/flaky-peer';
import { Producer } from '../../test/support/producer';
import { until } from '../../test/support/until';
import { Victim } from '../../test/support/victim';

interface Way {
  readonly write: (userDir: string, peer: string) => void;
  readonly read: (step: string, body: string) => Received;
}

const ways: Readonly<Record<string, Way>> = {
  'lab-register, billing-sync, exchange-handover': { write: writeChain, read: readStep },
  'http in, function, file context, http request': {
    write: writeQueue,
    read: (step, body) => {
      const { key, version } = JSON.parse(body) as { key: string; version: number };
      return { items: [{ step, key, version }], answer: 'ok' };
    },
  },
};

export interface Load {
  readonly kills: number;
  /** Messages that come. */
  readonly perSecond: number;
  /** Where they go to: it is there, or only after the last kill. */
  readonly platform: 'up' | 'down';
}

export interface Loss {
  readonly way: string;
  readonly acknowledged: number;
  readonly lost: number;
}

/** Kills each way so many times while messages come at a steady rate. */
export async function losses(load: Load): Promise<Loss[]> {
  const found: Loss[] = [];
  for (const [name, way] of Object.entries(ways)) found.push({ way: name, ...(await lossOf(way, load)) });
  return found;
}

const QUIET_MS = 4000;

async function lossOf(
  { write, read }: Way,
  { kills, perSecond, platform }: Load,
): Promise<Omit<Loss, 'way'>> {
  const chance = new Chance(1);
  const userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-loss-'));
  const peer = new FlakyPeer({ chance, loses: 0, answersAfterMs: [1, 5], read });
  await peer.up();
  write(userDir, peer.url);
  if (platform === 'down') await peer.down();
  const victim = new Victim('test/crash/node-red-child.mjs', [userDir]);
  const producer = new Producer({
    keys: Array.from({ length: 400 }, (_, n) => `TESTR${n}`),
    perSecond,
    address: () => (victim.port === 0 ? undefined : `http://127.0.0.1:${victim.port}/reports`),
    check: () => victim.check(),
    write: (key, version) => JSON.stringify({ key, version }),
  });
  try {
    producer.start();
    for (let n = 0; n < kills; n++) {
      victim.start();
      await victim.ready();
      await producer.acknowledgedMore(chance.between(2, 5) * perSecond);
      await victim.kill();
      await peer.callerGone();
    }
    if (platform === 'down') await peer.up();
    victim.start();
    await producer.finish();
    await victim.ready();
    let [count, since] = [-1, Date.now()];
    await until(
      'nothing more is delivered',
      () => {
        if (peer.receptions.length !== count) [count, since] = [peer.receptions.length, Date.now()];
        return Date.now() - since > QUIET_MS;
      },
      300_000,
    );
    const { acknowledged } = producer;
    const lost = acknowledged.filter(({ key, version }) => !peer.has('/archive', key, version)).length;
    return { acknowledged: acknowledged.length, lost };
  } finally {
    producer.stop();
    await victim.dispose();
    await peer.close();
    fs.rmSync(userDir, { recursive: true, force: true });
  }
}

/** The queue of a skilled integrator: in a context that is kept in a file, sent one by one, repeated until it is taken. */
function writeQueue(userDir: string, peer: string): void {
  const node = (id: string, type: string, wires: string[][], more: object = {}): object => ({
    id,
    type,
    z: 'tab',
    wires,
    ...more,
  });
  const code = (id: string, func: string, wires: string[][]): object =>
    node(id, 'function', wires, { func, outputs: wires.length, libs: [] });
  const queue = "flow.get('queue', 'file') || []";
  const flow = [
    { id: 'tab', type: 'tab', label: 'queue' },
    node('in', 'http in', [['put']], { url: '/reports', method: 'post' }),
    code(
      'put',
      `const queue = ${queue}; queue.push(msg.payload); flow.set('queue', queue, 'file'); return [msg, {}];`,
      [['taken'], ['take']],
    ),
    node('taken', 'http response', [], { statusCode: '200' }),
    node('start', 'inject', [['take']], { props: [], once: true, onceDelay: 0.1, repeat: '', crontab: '' }),
    code(
      'take',
      `const [head] = ${queue}; if (!head || flow.get('busy')) return null;
       flow.set('busy', true); return { payload: head };`,
      [['send']],
    ),
    node('send', 'http request', [['sent']], {
      method: 'POST',
      ret: 'txt',
      url: `${peer}/archive`,
      senderr: true,
    }),
    code(
      'sent',
      `const queue = ${queue}; queue.shift(); flow.set('queue', queue, 'file'); flow.set('busy', false); return {};`,
      [['take']],
    ),
    node('failed', 'catch', [['wait']], { scope: ['send'] }),
    node('wait', 'delay', [['again']], { pauseType: 'delay', timeout: '1', timeoutUnits: 'seconds' }),
    code('again', "flow.set('busy', false); return {};", [['take']]),
  ];
  fs.writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow));
}
