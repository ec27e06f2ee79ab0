/** What the simulated platform received: counts for each interface, the latest calls, what it holds. No patient data. */
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
}

export interface ServiceCount {
  readonly service: string;
  readonly accepted: number;
  readonly refused: number;
}

const LATEST = 50;

export class Journal {
  readonly #counts = new Map<string, { accepted: number; refused: number }>();
  readonly #latest: (Received & { readonly at: string })[] = [];

  add(service: string, key: string, violations: readonly Fault[], now: Date): Received {
    const received: Received = { service, ok: !isRefused(violations), key, violations };
    const count = this.#counts.get(service) ?? { accepted: 0, refused: 0 };
    this.#counts.set(service, count);
    count[received.ok ? 'accepted' : 'refused']++;
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
    const counts = this.counts().map(({ service, accepted, refused }) =>
      row([service, String(accepted), String(refused)]),
    );
    const held = holdings.map(({ name, records, withFile }) =>
      row([HELD[name], String(records), name === 'exam' ? String(withFile) : '']),
    );
    const links = holdings.map(
      ({ name }) => `<a href="${escapeMarkup(`${root}/holdings/${name}`)}">${HELD[name]}</a>`,
    );
    const latest = this.#latest.map(({ at, service, ok, key, violations }) =>
      row([at, service, key, ok ? '接收' : '拒绝', violations.map(({ zh }) => zh).join('；')]),
    );
    const tables =
      `<table>${row(['接口', '接收', '拒绝'], 'th')}${counts.join('')}</table>` +
      `<h2>平台现有数据</h2><table>${row(['数据', '条数', '含报告文件地址'], 'th')}${held.join('')}</table>` +
      `<p>数据本身（JSON）：${links.join('　')}，用户名为 Operator，密码为 AppId。</p>` +
      `<h2>最近 ${this.#latest.length} 条</h2><table>${row(['时间', '接口', '报告单号', '结果', '问题'], 'th')}${latest.join('')}</table>`;
    return page('收到的消息', tables);
  }
}

const HELD: Readonly<Record<HoldingCount['name'], string>> = {
  lab: '检验报告',
  exam: '检查报告',
  UpdateBillingInfo: '开单通知',
  SyncAppointData: '预约',
};
