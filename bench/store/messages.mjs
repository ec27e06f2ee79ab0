// Messages as the nodes hand them in, 700 bytes of content each.
import { randomBytes, randomUUID } from 'node:crypto';

export const CHANNEL = 'node';
/** Of a node that few messages of a full store are of. */
export const SELDOM = { channel: 'seldom', service: 'SyncAppointData' };
const CONTENT_BYTES = 700;

/** Half of it repeats, as in a report; the rest is of chance, so that compression does not flatter. */
const PATTERN = '"class_name":"测试项","result_unit":"mmol/L",'.repeat(10);

export function message(n) {
  const chance = randomBytes(CONTENT_BYTES / 4).toString('hex');
  return {
    id: randomUUID(),
    channel: CHANNEL,
    destination: 'platform',
    service: 'ArchiveAutoReport',
    key: reportNo(n),
    label: reportNo(n),
    terms: { report: reportNo(n), patient: `TESTP${n % 50_000}`, accession: '' },
    content: (chance + PATTERN).slice(0, CONTENT_BYTES),
    context: '{"topic":"bench"}',
    repeats: 'known',
  };
}

export const reportNo = n => `TESTR${String(n).padStart(9, '0')}`;

/** The value below which this part of the figures lies. */
export function quantile(figures, part) {
  const sorted = figures.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
