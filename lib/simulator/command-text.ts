/** What the commands print. */
import { type Text, bilingual } from '../errors';
import { IMAGE_FAULTS, SEEN, SOAP_FAULTS, type Seen, type SoapFaultKind } from './faults/fault-kinds';
import type { LoadResult } from './load-result';
import { type Scenario, lengthOf } from './scenario';

/** Every fault, with what the hospital must come to see of it, and the scenarios. */
export function faultTable(scenarios: readonly Scenario[]): string {
  const soap = Object.entries<SoapFaultKind>(SOAP_FAULTS).map(([name, kind]) =>
    line(name, kind, [...new Set(Object.values(kind.seen))]),
  );
  const dicom = Object.entries(IMAGE_FAULTS).map(([name, kind]) => line(name, kind, [kind.seen]));
  const played = scenarios.map(
    scenario => `  ${scenario.name}  ${bilingual(scenario)} (${lengthOf(scenario)} s)`,
  );
  return [
    '平台服务 | services (target=soap)',
    ...soap,
    '影像库 | image archive (target=dicom)',
    ...dicom,
    '场景 | scenarios',
    ...played,
  ].join('\n');
}

const line = (name: string, text: Text, seen: readonly Seen[]): string =>
  `  ${name}  ${bilingual(text)} → ${seen.map(one => bilingual(SEEN[one])).join(' / ')}`;

export function loadReport(result: LoadResult): string {
  const { p50, p95, p99, max } = result.latencyMs;
  const failed = Object.entries(result.failed).map(([code, count]) => `${code} ${count}`);
  return [
    `计划 | planned   ${result.planned}`,
    `已发 | sent      ${result.sent}（${result.achievedRate}/s）`,
    `未发 | held back ${result.heldBack}`,
    `已答 | answered  ${result.answered}`,
    `被拒 | refused   ${result.refused}`,
    `失败 | failed    ${failed.join(', ') || 0}`,
    `p50 ${ms(p50)}  p95 ${ms(p95)}  p99 ${ms(p99)}  max ${ms(max)}`,
    Object.entries(result.histogram)
      .map(([bucket, count]) => `${bucket} s: ${count}`)
      .join('  '),
  ].join('\n');
}

const ms = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} ms`);
