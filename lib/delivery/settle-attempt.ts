/** The result of an attempt → what the store writes down, and the outcome that goes out when it is the end. */
import type { Claimed, Failure, FinalState, Settlement } from '../store/message';
import type { DeliveryResult, Emission } from './channel';
import { type RetryPolicy, delayAfter } from './policy';
import { verdictOf } from './verdict';

export interface AttemptFacts {
  readonly now: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly retry: RetryPolicy;
  readonly random: () => number;
  readonly repeatMs: number;
  /** The destination does not answer others either: no fault of this message. */
  readonly probe: boolean;
  readonly holdsKey: boolean;
  /** One in doubt is not sent again by itself. */
  readonly parked: boolean;
}

export interface Settled {
  readonly settlement: Settlement;
  /** Set when the delivery has ended. */
  readonly emission?: Emission;
}

/** When the pause before it is over: a message that waits for an operator. */
const NEVER = Number.MAX_SAFE_INTEGER;

export function settleAttempt(message: Claimed, result: DeliveryResult, facts: AttemptFacts): Settled {
  if (!('error' in result)) {
    const { state, payload, exchange, failure } = result;
    return end(message, state, { payload, exchange, failure }, facts);
  }
  const verdict = verdictOf(result.error);
  const { failure } = verdict;
  const wait = (state: 'pending' | 'in-doubt', dueAt: number, counts: boolean): Settled => ({
    settlement: {
      id: message.id,
      startedAt: facts.startedAt,
      durationMs: facts.durationMs,
      failure,
      next: { state, dueAt, counts },
    },
  });
  if (verdict.kind === 'final') return end(message, verdict.state, { failure }, facts);
  if (verdict.kind === 'pause') return wait('pending', facts.now, false);
  const state = verdict.doubtful ? 'in-doubt' : 'pending';
  if (verdict.kind === 'aborted') return wait(state, facts.now, false);
  const counts = verdict.reached && !facts.probe;
  const { retry, random } = facts;
  if (verdict.doubtful && facts.parked) return wait('in-doubt', NEVER, counts);
  const isOver =
    (counts && message.tries + 1 >= retry.maxTries) || facts.now - message.acceptedAt >= retry.maxAgeMs;
  if (isOver) return end(message, 'dead', { failure }, facts);
  const delay = Math.max(verdict.afterMs, delayAfter(message.calls + 1, retry, random));
  return wait(state, facts.now + delay, counts);
}

interface Ending {
  readonly payload?: unknown;
  readonly exchange?: Readonly<Record<string, unknown>>;
  readonly failure?: Failure | undefined;
}

function end(message: Claimed, state: FinalState, ending: Ending, facts: AttemptFacts): Settled {
  const { payload = null, failure } = ending;
  const exchange = {
    key: message.label,
    ...ending.exchange,
    ...(failure && { error: { code: failure.code, ...failure.text } }),
    id: message.id,
    service: message.service,
    outcome: state,
    attempts: message.calls + 1,
    version: message.version,
    startedAt: new Date(facts.startedAt).toISOString(),
    durationMs: facts.durationMs,
  };
  const holdsKey = state === 'dead' && facts.holdsKey;
  return {
    settlement: {
      id: message.id,
      startedAt: facts.startedAt,
      durationMs: facts.durationMs,
      ...(failure && { failure }),
      next: {
        state,
        outcome: JSON.stringify({ payload, exchange }),
        repeatAt: facts.now + facts.repeatMs,
        holdsKey,
      },
    },
    emission: { state, payload, exchange, context: parseContext(message.context) },
  };
}

/** The properties of the input message that the outcome carries on. */
export const parseContext = (text: string): Record<string, unknown> =>
  text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
