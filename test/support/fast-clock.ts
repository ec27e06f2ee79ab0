/** A clock on which time passes faster, so that retries of minutes can be waited for. */
import { type Clock, systemClock } from '../../lib/clock';

/** @param factor how many times as fast; 1 is the system's own */
export function fastClock(factor: number, clock: Clock = systemClock): Clock {
  if (factor === 1) return clock;
  const start = clock.now();
  return {
    now: () => start + (clock.now() - start) * factor,
    after: (ms, callback) => clock.after(ms / factor, callback),
  };
}
