/** All operations by name. */
import type { Input, OperationName, Result } from '../message-store';
import type { Transaction } from '../transaction';
import { accept, forget } from './accept';
import { audit, auditStart, auditTrail, checkAudit } from './audit';
import { claim, hurry, oldest, recover, release, renew, revise } from './claim';
import { amend, cancel, resend } from './operator';
import { backlog, handOver, outcomes, park } from './outcomes';
import { position } from './position';
import { probe } from './probe';
import { prune, reseal } from './retention';
import { read, search, tallies } from './search';
import { settle } from './settle';
import { callStatistics, samples } from './statistics';

type Operation<Name extends OperationName> = (tx: Transaction, input: Input<Name>) => Promise<Result<Name>>;

export const operations: { readonly [Name in OperationName]: Operation<Name> } = {
  accept,
  claim,
  settle,
  release,
  renew,
  revise,
  recover,
  handOver,
  outcomes,
  park,
  forget,
  backlog,
  position,
  cancel,
  resend,
  amend,
  hurry,
  search,
  read,
  tallies,
  oldest,
  probe,
  audit,
  auditTrail,
  callStatistics,
  samples,
  checkAudit,
  auditStart,
  prune,
  reseal,
};
