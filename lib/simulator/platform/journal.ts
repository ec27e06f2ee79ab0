/** What the simulated platform received: counts for each interface, the latest calls, what it holds. No patient data. */
import { SOAP_FAULTS, type SoapFaultName, faultText } from '../faults/fault-kinds';
import { type Fault, isRefused } from './fault';
import type { HoldingCount } from './holdings';
import { page, row } from './html';
import { escapeMarkup } from './text';

export interface Received {
  /** `ArchiveAutoReport (lab)`, `GetLabInfo`, `UpdateBillingInfo`, `ClinicExamView`, … */
  readonly service: string;
  /** False when it was refused. */
  readonly ok: boolean;
  /** Report number; empty where the message has none. */
  readonly key: string;
  /** Everything that is wrong with it, warnings included. */
  readonly violations: readonly Fault[];
  /** The fault on demand that the caller got; absent: the right answer. */
  readonly fault?: SoapFaultName;
}

export interface ServiceCount {
  readonly service: string;
  /** Processed, whatever the caller got to hear of it. */
  readonly accepted: number;
  readonly refused: number;
  /** Calls that got a fault on demand; absent: none. */
  readonly faulty?: number;
}

type Count = { accepted: number; refused: number; faulty?: number };

const LATEST = 50;

export class Journal {
  readonly #counts = new Map<string, Count>();
  readonly #latest: (Received & { readonly at: string })[] = [];

  /** @param fault that the caller gets; where the call is not processed because of it, it counts as that alone */
  add(
    service: string,
    key: string,
    violations: readonly Fault[],
    now: Date,
    fault?: SoapFaultName,
  ): Received {
    const isProcessed = !fault || SOAP_FAULTS[fault].processed;
    const ok = isProcessed && !isRefused(violations);
    const received: Received = { service, ok, key, violations, ...(fault && { fault }) };
    const count = this.#counts.get(service) ?? { accepted: 0, refused: 0 };
    this.#counts.set(service, count);
    if (isProcessed) count[ok ? 'accepted' : 'refused']++;
    if (fault) count.faulty = (count.faulty ?? 0) + 1;
    this.#latest.unshift({ ...received, at: now.toISOString() });
    this.#latest.length = Math.min(this.#latest.length, LATEST);
    return received;
  }

  counts(): ServiceCount[] {
    return [...this.#counts].map(([service, count]) => ({ service, ...count }));
  }

  toJson(holdings: readonly HoldingCount[]): string {
    return JSON.stringify({ counts: this.counts(), holdings, latest: this.#latest });
  }

  /** `root` is the address of the page without the slash at its end. */
  toHtml(holdings: readonly HoldingCount[], root: string): string {
    const counts = this.counts().map(({ service, accepted, refused, faulty = 0 }) =>
      row([service, String(accepted), String(refused), String(faulty)]),
    );
    const held = holdings.map(({ name, records, withFile }) =>
      row([HELD[name], String(records), name === 'exam' ? String(withFile) : '']),
    );
    const links = holdings.map(
      ({ name }) => `<a href="${escapeMarkup(`${root}/holdings/${name}`)}">${HELD[name]}</a>`,
    );
    const latest = this.#latest.map(({ at, service, key, violations, ...verdict }) =>
      row([at, service, key, resultOf(verdict), violations.map(({ zh }) => zh).join('；')]),
    );
    const tables =
      `<table>${row(['接口', '接收', '拒绝', '模拟故障'], 'th')}${counts.join('')}</table>` +
      `<h2>平台现有数据</h2><table>${row(['数据', '条数', '含报告文件地址'], 'th')}${held.join('')}</table>` +
      `<p>数据本身（JSON）：${links.join('　')}，用户名为 Operator，密码为 AppId。</p>` +
      `<h2>最近 ${this.#latest.length} 条</h2><table>${row(['时间', '接口', '报告单号', '结果', '问题'], 'th')}${latest.join('')}</table>`;
    return page('收到的消息', tables);
  }
}

function resultOf({ ok, fault }: Pick<Received, 'ok' | 'fault'>): string {
  const simulated = fault ? `（模拟故障：${faultText('soap', fault).zh}）` : '';
  return (ok ? '接收' : fault && !SOAP_FAULTS[fault].processed ? '未处理' : '拒绝') + simulated;
}

const HELD: Readonly<Record<HoldingCount['name'], string>> = {
  lab: '检验报告',
  exam: '检查报告',
  UpdateBillingInfo: '开单通知',
  SyncAppointData: '预约',
};
