import type { DatabaseDriver } from '../driver';
import { ClaimSource } from './claim-source';
import type { PollPlan } from './plan';
import { ProcedureSource } from './procedure-source';
import type { PollSource, SourceContext } from './source';
import { WatermarkSource } from './watermark-source';

export function openSource(driver: DatabaseDriver, plan: PollPlan, context: SourceContext): PollSource {
  if (plan.mode === 'watermark') return new WatermarkSource(driver, plan, context);
  return plan.mode === 'claim' ? new ClaimSource(driver, plan) : new ProcedureSource(driver, plan);
}
