/**
 * What is there, or comes: where a call of the system can be made at once, the steps around it need not wait for a turn
 * of the event loop each.
 */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: at once when it is there. @throws what `next` throws, or the promise rejects with it */
export const soon = <T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** What an attempt gives; what `failed` makes of its error, thrown or rejected. @throws what `failed` throws */
export function attempt<T, R>(what: () => Soon<T>, failed: (error: unknown) => R): Soon<T | R> {
  try {
    const value = what();
    return value instanceof Promise ? value.catch(failed) : value;
  } catch (error) {
    return failed(error);
  }
}
