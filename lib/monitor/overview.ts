/** The counters of a store: how many messages are in which state, at which node, and since when the oldest waits. */
import type { Condition } from '../delivery/channel';
import type { OpenChannel } from '../delivery/dispatcher';
import type { MessageState } from '../store/message';
import type { MessageStore } from '../store/message-store';

export type Counts = Partial<Record<MessageState, number>>;

export interface ChannelOverview {
  readonly id: string;
  /** Of its node; empty when that is not running. */
  readonly name: string;
  /** What receives its messages, as people know it; empty when its node is not running. */
  readonly destination: string;
  readonly running: boolean;
  readonly condition: Condition | null;
  readonly counts: Counts;
  /** Acceptance time of the oldest message that is not finished. */
  readonly oldest: number | null;
}

export interface Overview {
  readonly counts: Counts;
  readonly oldest: number | null;
  readonly channels: readonly ChannelOverview[];
}

/** @param nameOf a node's name by its id; empty when there is none */
export async function overview(
  store: MessageStore,
  open: readonly OpenChannel[],
  nameOf: (id: string) => string,
): Promise<Overview> {
  const tallies = await store.tallies({});
  const running = new Map(open.map(channel => [channel.id, channel]));
  const ids = [...new Set([...running.keys(), ...tallies.map(({ channel }) => channel)])];
  const channels = await Promise.all(
    ids.map(async (id): Promise<ChannelOverview> => {
      const channel = running.get(id);
      return {
        id,
        name: nameOf(id),
        destination: channel?.destinationTitle ?? '',
        running: channel !== undefined,
        condition: channel?.condition ?? null,
        counts: sum(tallies.filter(tally => tally.channel === id)),
        oldest: await store.oldest({ channel: id }),
      };
    }),
  );
  const times = channels.flatMap(({ oldest }) => oldest ?? []);
  return { counts: sum(tallies), oldest: times.length > 0 ? Math.min(...times) : null, channels };
}

function sum(tallies: readonly { readonly state: MessageState; readonly count: number }[]): Counts {
  const counts: Counts = {};
  for (const { state, count } of tallies) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}
