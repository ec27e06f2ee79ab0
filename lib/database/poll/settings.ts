/** The settings of the database-poll node, as text from Node-RED, → a plan. */
import { settingReader } from '../../setting';
import { readColumn, readColumns, readObjectName } from './names';
import type { AckPlan, Pace, PollPlan, Shape, TableSource } from './plan';
import { WATERMARK_KINDS, readWatermark } from './watermark';

/** Settings as the node has them; what is empty or absent gets its default. */
export type PollTexts = Readonly<
  Partial<
    Record<
      | 'mode'
      | 'source'
      | 'keys'
      | 'condition'
      | 'shape'
      | 'detailSource'
      | 'detailKeys'
      | 'detailProperty'
      | 'detailOrder'
      | 'interval'
      | 'page'
      | 'inFlight'
      | 'watermark'
      | 'watermarkKind'
      | 'overlap'
      | 'start'
      | 'rescanBack'
      | 'rescanEvery'
      | 'statusColumn'
      | 'ownerColumn'
      | 'leaseColumn'
      | 'attemptsColumn'
      | 'messageColumn'
      | 'versionColumn'
      | 'order'
      | 'valueNew'
      | 'valueClaimed'
      | 'valueDone'
      | 'valueRejected'
      | 'lease'
      | 'ackMoment'
      | 'fetchProcedure'
      | 'ackProcedure',
      string
    >
  >
>;

const setting = settingReader({ zh: '轮询设置', en: 'setting of the poll' });

/**
 * @param owner the name that claims rows: the same after a restart
 * @throws {ExchangeError} CONFIG, naming the setting that cannot be used
 */
export function readPollPlan(texts: PollTexts, owner: string): PollPlan {
  const pace: Pace = {
    intervalMs: setting.number('interval', texts.interval, 10, 0.2, 86_400) * 1000,
    page: whole('page', texts.page, 200, 1, 5000),
    mostInFlight: whole('inFlight', texts.inFlight, 50, 1, 10_000),
  };
  switch (texts.mode || 'watermark') {
    case 'watermark':
      return readWatermarkPlan(texts, pace);
    case 'claim':
      return {
        ...pace,
        mode: 'claim',
        table: readTable(texts),
        ack: readAck(texts, owner),
        order: readColumns('order', texts.order ?? ''),
        status: readColumn('statusColumn', setting.needed('statusColumn', texts.statusColumn)),
        owner: column('ownerColumn', texts.ownerColumn),
        lease: column('leaseColumn', texts.leaseColumn),
        attempts: column('attemptsColumn', texts.attemptsColumn),
        message: column('messageColumn', texts.messageColumn),
        values: { new: texts.valueNew?.trim() || '0', claimed: texts.valueClaimed?.trim() || '1' },
      };
    case 'procedure':
      return {
        ...pace,
        mode: 'procedure',
        fetch: readObjectName('fetchProcedure', setting.needed('fetchProcedure', texts.fetchProcedure)),
        acknowledge: texts.ackProcedure?.trim()
          ? readObjectName('ackProcedure', texts.ackProcedure.trim())
          : null,
        keys: readColumns('keys', setting.needed('keys', texts.keys)),
        shape: readShape(texts, null),
        ack: readAck(texts, owner),
      };
    default:
      throw setting.wrong('mode', {
        zh: '应为 watermark、claim 或 procedure',
        en: 'must be watermark, claim or procedure',
      });
  }
}

function readWatermarkPlan(texts: PollTexts, pace: Pace): PollPlan {
  const kind = WATERMARK_KINDS.find(one => one === (texts.watermarkKind || 'datetime'));
  if (!kind)
    throw setting.wrong('watermarkKind', {
      zh: `应为 ${WATERMARK_KINDS.join('、')} 之一`,
      en: `must be one of ${WATERMARK_KINDS.join(', ')}`,
    });
  const isNumber = kind === 'number';
  const start = texts.start?.trim() || 'now';
  // Minutes and days, or numbers.
  const overlap = setting.number('overlap', texts.overlap, isNumber ? 1000 : 10, 0, 1_000_000);
  const rescanBack = setting.number('rescanBack', texts.rescanBack, isNumber ? 0 : 3, 0, 100_000_000);
  const rescanEvery = setting.number('rescanEvery', texts.rescanEvery, 24, 0.1, 8760) * HOUR;
  return {
    ...pace,
    mode: 'watermark',
    table: readTable(texts),
    column: readColumn('watermark', setting.needed('watermark', texts.watermark)),
    kind,
    overlap: isNumber ? overlap : overlap * MINUTE,
    start: start === 'now' || start === 'all' ? start : readWatermark(kind, start),
    rescan:
      rescanBack > 0 ? { back: isNumber ? rescanBack : rescanBack * 24 * HOUR, everyMs: rescanEvery } : null,
  };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function readTable(texts: PollTexts): TableSource {
  const keys = readColumns('keys', setting.needed('keys', texts.keys));
  if (keys.length === 0) throw setting.wrong('keys', { zh: '未填写', en: 'is not set' });
  return {
    source: readObjectName('source', setting.needed('source', texts.source)),
    keys,
    condition: texts.condition?.trim() ?? '',
    shape: readShape(texts, keys),
  };
}

/** @param keys of the table; null for a procedure, whose second set of rows holds the details */
function readShape(texts: PollTexts, keys: readonly string[] | null): Shape {
  const kind = texts.shape || 'one';
  if (kind === 'one' || kind === 'many') return { kind };
  if (kind !== 'detail')
    throw setting.wrong('shape', { zh: '应为 one、many 或 detail', en: 'must be one, many or detail' });
  const own = readColumns('detailKeys', texts.detailKeys ?? '');
  if (keys && own.length > 0 && own.length !== keys.length)
    throw setting.wrong('detailKeys', {
      zh: `应与主键列一一对应：主键 ${keys.length} 列，这里 ${own.length} 列`,
      en: `must be one for each key column: there are ${keys.length}, and ${own.length} here`,
    });
  return {
    kind,
    source: keys ? readObjectName('detailSource', setting.needed('detailSource', texts.detailSource)) : [],
    keys: own.length > 0 ? own : (keys ?? readColumns('keys', texts.keys ?? '')),
    // What lab-register takes for the items of a report.
    property: texts.detailProperty?.trim() || 'lab_subitem',
    order: readColumns('detailOrder', texts.detailOrder ?? ''),
  };
}

function readAck(texts: PollTexts, owner: string): AckPlan {
  const moment = texts.ackMoment || 'outcome';
  if (moment !== 'stored' && moment !== 'outcome')
    throw setting.wrong('ackMoment', { zh: '应为 stored 或 outcome', en: 'must be stored or outcome' });
  return {
    moment,
    owner,
    leaseSeconds: whole('lease', texts.lease, 600, 10, 86_400),
    version: column('versionColumn', texts.versionColumn),
    done: texts.valueDone?.trim() || '2',
    rejected: texts.valueRejected?.trim() || '3',
  };
}

const whole = (
  name: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number => Math.round(setting.number(name, text, fallback, least, most));

const column = (name: string, text: string | undefined): string | null =>
  text?.trim() ? readColumn(name, text) : null;
