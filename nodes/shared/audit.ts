/** Calls that no store delivers are counted, and stand in the audit trail of the store that the node's profile names. */
import { performance } from 'node:perf_hooks';
import type { Node } from 'node-red';
import { ExchangeError } from '../../lib/errors';
import { telemetry } from '../../lib/telemetry/telemetry';
import type { ExchangeProfileNode } from '../exchange-profile/profile-node';

export interface AuditedCall {
  readonly service: string;
  readonly outcome: string;
  readonly code?: string;
  readonly durationMs: number;
}

/** Gives the function that counts a call, and writes it down where the profile has a store. */
export function auditOf(node: Node, profileNode: ExchangeProfileNode | null): (call: AuditedCall) => void {
  let failing = false;
  return ({ service, outcome, code = '', durationMs }) => {
    telemetry.messages.directCall({ service, outcome, code, durationMs });
    const store = profileNode?.store()?.store;
    if (!store) return;
    const record = { actor: 'system', action: 'call', message: '', channel: node.id, service, outcome, code };
    store.audit({ ...record, durationMs: Math.round(durationMs) }).then(
      () => (failing = false),
      (error: unknown) => {
        // The call is done: it does not fail for this. One warning, until it works again.
        if (!failing) node.warn(error instanceof Error ? error.message : String(error));
        failing = true;
      },
    );
  };
}

/** Makes a call and writes down what came of it. */
export async function audited<T>(
  audit: (call: AuditedCall) => void,
  service: string,
  call: () => Promise<T>,
  outcomeOf: (result: T) => string,
): Promise<T> {
  const startedAt = performance.now();
  const passed = (): number => performance.now() - startedAt;
  try {
    const result = await call();
    audit({ service, outcome: outcomeOf(result), durationMs: passed() });
    return result;
  } catch (error) {
    const code = error instanceof ExchangeError ? error.code : 'UNEXPECTED';
    // What breaks the contract was not sent.
    if (code !== 'CONTRACT') audit({ service, outcome: 'failed', code, durationMs: passed() });
    throw error;
  }
}
