/** What the simulated platform received: counts for each interface and the latest calls. No patient data. */
import { type Fault, isRefused } from './fault';
import { page, row } from './html';

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

  toJson(): string {
    return JSON.stringify({ counts: this.counts(), latest: this.#latest });
  }

  toHtml(): string {
    const counts = this.counts().map(({ service, accepted, refused }) =>
      row([service, String(accepted), String(refused)]),
    );
    const latest = this.#latest.map(({ at, service, ok, key, violations }) =>
      row([at, service, key, ok ? '接收' : '拒绝', violations.map(({ zh }) => zh).join('；')]),
    );
    const tables =
      `<table>${row(['接口', '接收', '拒绝'])}${counts.join('')}</table>` +
      `<h2>最近 ${this.#latest.length} 条</h2><table>${row(['时间', '接口', '报告单号', '结果', '问题'])}${latest.join('')}</table>`;
    return page('收到的消息', tables);
  }
}
