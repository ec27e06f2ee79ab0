/** Operations on their way to the database, and their answers. */
import type { Input, OperationName, Result } from './message-store';

/** One operation on its way. */
export interface Call<Name extends OperationName = OperationName> {
  readonly name: Name;
  readonly input: Input<Name>;
}

export type Reply<Name extends OperationName = OperationName> =
  { readonly value: Result<Name> } | { readonly error: unknown };

/** What runs operations: the engine, or the thread that has one. */
export interface Runner {
  /** Runs them in one transaction; a reply for each. Rejects when none was carried out. */
  run(calls: readonly Call[], now: number): Promise<readonly Reply[]>;
  close(): Promise<void>;
}
