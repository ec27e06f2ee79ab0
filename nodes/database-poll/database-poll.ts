import type { Node, NodeAPI, NodeDef } from 'node-red';
import { systemClock } from '../../lib/clock';
import { openSource } from '../../lib/database/poll/open-source';
import type { PollPlan } from '../../lib/database/poll/plan';
import {
  ROW,
  markOf,
  parkedRow,
  readPollInput,
  recordItem,
  recordRead,
} from '../../lib/database/poll/poll-delivery';
import { Poller, type PollCondition } from '../../lib/database/poll/poller';
import { keyText } from '../../lib/database/poll/record';
import { readPollPlan } from '../../lib/database/poll/settings';
import type { PollSource, Take } from '../../lib/database/poll/source';
import type { Work } from '../../lib/delivery/channel';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { ExchangeError, bilingual } from '../../lib/errors';
import { findStore } from '../exchange-store/store-node';
import { findDatabase } from '../hospital-database/database-node';
import { openDelivery } from '../shared/delivery';
import { endHandover, handoverOf, wiringOf } from '../shared/handover';
import { onFlowsStarted } from '../shared/flows-started';
import { onInput } from '../shared/input';
import { wholeNumber } from '../shared/property';
import { type Mood, statusOf } from '../shared/status';
import type { DatabasePollProps } from './database-poll.props';

/** Rows that become messages in one step. */
const BATCH = 50;
/** With pauses that grow, two days. */
const PARK_AFTER = 20;

export default function register(RED: NodeAPI): void {
  function DatabasePoll(this: Node, def: NodeDef & DatabasePollProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    let plan: PollPlan;
    try {
      plan = readPollPlan(def, this.id);
    } catch (error) {
      status('bad', 'bad-settings');
      this.error(error instanceof Error ? error.message : String(error));
      return;
    }
    const databaseNode = findDatabase(RED, def.database);
    const storeNode = findStore(RED, def.store);
    const parkAfter = wholeNumber(def.parkAfter, PARK_AFTER, 0);
    const delivery = openDelivery(RED, {
      node: this,
      def,
      storeNode,
      destination: {
        id: this.id,
        title: this.name ?? this.id,
        rules: { concurrency: 1, perMinute: 0, windows: TimeWindows.parse('') as TimeWindows },
      },
      batch: BATCH,
      status,
      outcomeKeys: { accepted: 'read' },
      // An old version that was not taken over must not come after the new one.
      newestOnly: true,
      // The rows are here: their message is the outcome, and is repeated until the flow has taken it over.
      deliver: (works: readonly Work[]) => Promise.resolve(works.map(recordRead)),
      ...(parkAfter > 0 && {
        parking: { afterEmissions: parkAfter, onParked: ({ context }) => void tellParked(context) },
      }),
    });
    if (!storeNode) return status('bad', 'no-store');
    if (!databaseNode) return status('bad', 'no-database');

    const take: Take = (records, position) =>
      delivery.take(
        records.map(record => ({
          item: recordItem(record),
          properties: { poll: markOf(this.id, record, plan) },
        })),
        position,
      );
    const poller = new Poller({
      pace: plan,
      clock: systemClock,
      open: async (): Promise<PollSource> =>
        openSource(databaseNode.driver, plan, {
          position: await storeNode.store.position({ name: this.id }),
          now: () => Date.now(),
          warn: text => this.warn(bilingual(text)),
        }),
      backlog: () => storeNode.store.backlog({ channel: this.id }),
      take,
      onCondition: conditionTold(this, status),
    });
    /** Who sets the row back in the hospital's table wants it sent again, unchanged as it is. */
    const forgetRow = async (key: readonly string[]): Promise<void> => {
      if (plan.mode !== 'watermark')
        await storeNode.store.forget({ destination: this.id, service: ROW, key: keyText(key) });
    };
    const tellParked = async (context: Readonly<Record<string, unknown>>): Promise<void> => {
      const given = parkedRow(context);
      try {
        if (given) await (await poller.source()).acknowledge(given, poller.signal);
      } catch (error) {
        this.warn(error instanceof Error ? error.message : String(error));
      }
    };
    const forget = databaseNode.driver.onChange(({ state }) => {
      if (state === 'up') poller.poll();
    });
    // Flows are wired by then, and the nodes after this one can take rows over.
    onFlowsStarted(RED, this, () => poller.poll());
    this.on('close', (_removed: boolean, done: () => void) => {
      forget();
      poller.close().then(done, done);
    });

    const reachesTaker = wiringOf(RED, this);
    onInput(this, async (msg, send) => {
      const input = readPollInput(msg, this.id);
      if (input.kind === 'poll') return poller.poll();
      const source = await poller.source();
      if (input.kind === 'backfill') {
        await source.backfill(input.from, input.to, take);
        return poller.poll();
      }
      const isUnchanged = await source.acknowledge(input.given, poller.signal);
      // Else it is its new version that would be forgotten, which may be on its way.
      if (isUnchanged) await forgetRow(input.given.key);
      // What goes on to another node that takes outcomes over, such as the images of an exam, is that one's.
      if (!reachesTaker(1)) await endHandover(handoverOf(RED, msg));
      status('good', input.given.state);
      send([null, msg]);
    });
  }
  RED.nodes.registerType('database-poll', DatabasePoll);
}

/** Shows how it stands; says a failure that somebody must mend once, until it works again. */
function conditionTold(
  node: Node,
  status: (mood: Mood, key: string) => void,
): (condition: PollCondition) => void {
  let said = '';
  return condition => {
    if (condition.kind === 'idle') {
      said = '';
      status('good', 'watching');
    } else if (condition.kind === 'waiting') status('warn', 'flow-waits');
    else if (condition.kind === 'failed') {
      status('bad', 'failed');
      const { error } = condition;
      const text = error instanceof Error ? error.message : String(error);
      // What passes by itself, the database's node and the store's have said.
      const passes = error instanceof ExchangeError && error.retry !== 'never';
      if (passes || text === said) return;
      said = text;
      // With a message of its own, since Catch nodes get no error without one.
      node.error(error, {});
    }
  };
}
