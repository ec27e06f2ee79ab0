/** What the commands do alike: how they begin, end and fail. */
import { ExchangeError } from './errors';

export type Print = (line: string) => void;

/** Exit codes. */
export const [DONE, FAILED, MISUSED] = [0, 1, 2] as const;

/** An option is missing, or is none. */
export class Misuse extends Error {}

/** Misuse gives the usage; what goes wrong outside is said in its own words. */
export async function guarded(usage: string, print: Print, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ExchangeError) {
      print(`${error.text.zh}\n${error.text.en}`);
      return error.code === 'CONTRACT' ? MISUSED : FAILED;
    }
    if (isMisuse(error)) {
      print(usage);
      return MISUSED;
    }
    if (isOfSystem(error)) {
      print(error.message);
      return FAILED;
    }
    throw error;
  }
}

const isMisuse = (error: unknown): boolean =>
  error instanceof Misuse || (isOfSystem(error) && String(error.code).startsWith('ERR_PARSE_ARGS'));

/** Such as a port that is taken. */
const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error;

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
