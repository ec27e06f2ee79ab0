/** One limit of time over a whole piece of work. */
import type { Readable } from 'node:stream';
import { abortedError, deadlineError } from './failure';

export interface Limits {
  /** Largest file, in bytes. */
  readonly maxBytes: number;
  /** For one file from start to end, in ms. */
  readonly timeoutMs: number;
}

/** For a task to put away what it has begun, once it was told to end. */
const GRACE_MS = 1000;

/**
 * Ends a task at the deadline or when the caller gives up, also where it cannot be interrupted: a file system call on
 * a share that has gone does not return.
 *
 * @throws ExchangeError TRANSPORT_UNKNOWN at the deadline, ABORTED by the caller, else what the task throws
 */
export async function withDeadline<T>(
  timeoutMs: number,
  caller: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (caller.aborted) throw abortedError();
  const end = new AbortController();
  const giveUp = (): void => end.abort(abortedError());
  const deadline = setTimeout(() => end.abort(deadlineError(timeoutMs)), timeoutMs);
  let grace: NodeJS.Timeout | undefined;
  caller.addEventListener('abort', giveUp, { once: true });
  const ended = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(end.signal.reason as Error);
    end.signal.addEventListener('abort', () => (grace = setTimeout(fail, GRACE_MS)), { once: true });
  });
  try {
    return await Promise.race([task(end.signal), ended]);
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    clearTimeout(deadline);
    clearTimeout(grace);
    caller.removeEventListener('abort', giveUp);
  }
}

/** Ends a stream when the work is ended. Its error is its reader's: one that comes later ends no process. */
export function endWith(signal: AbortSignal, stream: Readable): void {
  const end = (): void => void stream.destroy(signal.reason as Error);
  stream.on('error', () => {}).on('close', () => signal.removeEventListener('abort', end));
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}
