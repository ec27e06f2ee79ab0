/** The targets of a run at hand for its cases, with what may be done to them and what earlier cases have found. */
import { echo } from '../dicom/echo';
import type { PeerOptions } from '../dicom/settings';
import { ExchangeError, type Text } from '../errors';
import { needSetting } from '../profile/profile';
import { type AnswerRecord, BookingCaller } from '../simulator/platform/booking-caller';
import { SIMULATOR_IMPLEMENTATION } from '../simulator/marks';
import { isSimulator } from '../simulator/probe';
import { NotConfigured } from './failure';
import type { BookingTarget, CheckTargets, Part, PlatformTarget, ReportFileTarget } from './targets';
import { testMarks } from './test-data';

/** What cases leave to those after them. */
export interface Findings {
  /** Records of GetExamItemList of the test patient. */
  orders?: readonly AnswerRecord[];
  /** Hiskey of what this run has booked. */
  booked?: string;
  /** This run has registered its test report. */
  lab?: boolean;
  exam?: boolean;
  /** Address of the file that this run has published. */
  fileAddress?: string;
}

/** A wrong setting or an unreachable peer must show soon: the whole check has 17 interfaces to go. */
const CALL_TIMEOUT_MS = 20_000;

const LACKING: Readonly<Record<Exclude<keyof CheckTargets, 'writes'>, Text>> = {
  booking: {
    zh: '没有预约服务：流程中未使用“预约请求”节点，或未填写其地址',
    en: 'there is no booking service: no booking-request node in the flows, or its address is not set',
  },
  platform: { zh: '未选择接入配置', en: 'no exchange profile is chosen' },
  archive: { zh: '未选择影像平台的远端 AE', en: "no DICOM peer is chosen for the platform's archive" },
  pacs: { zh: '未选择本院 PACS 的远端 AE', en: "no DICOM peer is chosen for the hospital's PACS" },
  reportFile: { zh: '未选择发布报告文件的节点', en: 'no report-file node that publishes is chosen' },
};

const NOT_ALLOWED: Text = {
  zh: '未获准写入测试数据：请在自查设置中允许，或对平台模拟器运行',
  en: 'writing test data is not allowed: allow it in the settings of the check, or run it against the simulator',
};

export class Bench {
  readonly marks;
  readonly findings: Findings = {};
  readonly signal: AbortSignal;
  readonly startedAt: Date;
  readonly #targets: CheckTargets;
  readonly #simulated = new Map<string, Promise<boolean>>();
  readonly #callers: BookingCaller[] = [];
  #caller: BookingCaller | undefined;

  constructor(targets: CheckTargets, runId: string, startedAt: Date, signal: AbortSignal) {
    this.#targets = targets;
    this.startedAt = startedAt;
    this.signal = signal;
    this.marks = testMarks(runId, startedAt);
  }

  /** @throws {NotConfigured} */
  get booking(): BookingTarget {
    return this.#part('booking');
  }

  get platform(): PlatformTarget {
    return this.#part('platform');
  }

  get archive(): PeerOptions {
    return this.#part('archive');
  }

  get pacs(): PeerOptions {
    return this.#part('pacs');
  }

  get reportFile(): ReportFileTarget {
    return this.#part('reportFile');
  }

  /** Calls the hospital as the platform does. */
  get caller(): BookingCaller {
    return (this.#caller ??= this.callerWith(this.booking.certificate));
  }

  /** Calls it with another certificate. It is closed with the run. */
  callerWith(certificate: string): BookingCaller {
    const { url, callOperator } = this.booking;
    const caller = new BookingCaller({
      url,
      certificate,
      timeoutMs: CALL_TIMEOUT_MS,
      ...(callOperator !== undefined && { callOperator }),
    });
    this.#callers.push(caller);
    return caller;
  }

  /** @throws {NotConfigured} when bookings of the test patient may not be changed */
  mayBook(): void {
    this.#part('booking');
    if (this.#targets.writes !== 'test-data') throw new NotConfigured(NOT_ALLOWED);
  }

  /** @throws {NotConfigured} when nothing may be written to what stands behind an address of the platform */
  async mayWriteTo(url: string): Promise<void> {
    if (await this.#isWritable(() => this.isSimulatedUrl(url))) return;
    throw new NotConfigured(NOT_ALLOWED);
  }

  /** @throws {NotConfigured} when nothing may be written to the archive */
  async mayWriteToArchive(): Promise<void> {
    const { archive } = this;
    if (await this.#isWritable(() => this.isSimulatedPeer(archive))) return;
    throw new NotConfigured(NOT_ALLOWED);
  }

  /** @throws {NotConfigured} when a file may not be published */
  mayPublish(): void {
    const { own } = this.reportFile;
    const { writes } = this.#targets;
    if (writes === 'never' || (writes === 'simulator' && !own)) throw new NotConfigured(NOT_ALLOWED);
  }

  /** Cases that a real platform could take for an attack are for a simulator alone. @throws {NotConfigured} */
  async onlySimulator(url: string): Promise<void> {
    if (await this.isSimulatedUrl(url)) return;
    throw new NotConfigured({
      zh: '只对平台模拟器试用错误凭证，以免真实平台锁定帐号',
      en: 'wrong credentials are tried on the simulator alone, lest a real platform lock the account',
    });
  }

  /** An address of the platform. @throws {ExchangeError} CONFIG when it is not set */
  addressOf(name: 'callInterfaceUrl' | 'archiveUrl' | 'viewerUrl'): string {
    return needSetting(name, this.platform.profile.settings[name]);
  }

  isSimulatedUrl(url: string): Promise<boolean> {
    return this.#remember(url.replace(/[?#].*$/s, ''), () => isSimulator(url, this.platform.tls));
  }

  isSimulatedPeer(peer: PeerOptions): Promise<boolean> {
    return this.#remember(
      `${peer.aeTitle}@${peer.host}:${peer.port}`,
      async () => (await echo(peer, this.signal)).implementation === SIMULATOR_IMPLEMENTATION,
    );
  }

  async #isWritable(isSimulated: () => Promise<boolean>): Promise<boolean> {
    const { writes } = this.#targets;
    return writes === 'test-data' || (writes === 'simulator' && (await isSimulated()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#callers.map(caller => caller.close()));
  }

  #part<Name extends keyof typeof LACKING>(name: Name): Exclude<CheckTargets[Name], Part<never>> {
    const part: unknown = this.#targets[name];
    if (part === undefined) throw new NotConfigured(LACKING[name]);
    if (part instanceof ExchangeError) throw part;
    return part as Exclude<CheckTargets[Name], Part<never>>;
  }

  #remember(what: string, find: () => Promise<boolean>): Promise<boolean> {
    const known = this.#simulated.get(what) ?? find();
    this.#simulated.set(what, known);
    return known;
  }
}
