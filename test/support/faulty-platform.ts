/** A simulated platform that can go wrong, and a hospital's deliveries to it: real store, dispatcher and SOAP client. */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { Channel, Delivered, DeliveryResult, Emission, Work } from '../../lib/delivery/channel';
import type { Courier } from '../../lib/delivery/courier';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import type { DeliveryEvent } from '../../lib/delivery/events';
import { type Item, handIn } from '../../lib/delivery/hand-in';
import type { RetryPolicy } from '../../lib/delivery/policy';
import { verdictOf } from '../../lib/delivery/verdict';
import { CodeTables } from '../../lib/contract/code-table';
import { type Profile, readProfile } from '../../lib/profile/profile';
import { readOutgoing } from '../../lib/dicom/outgoing';
import { sendStudy, studyItems } from '../../lib/dicom/send-study';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { type ImagedStudy, imagedStudies, syntheticImages } from '../../lib/simulator/hospital/images';
import type { ImageArchive } from '../../lib/simulator/platform/image-archive';
import type { Stage } from '../../lib/simulator/stage';
import type { Clock } from '../../lib/clock';
import { deliverReport, reportItem } from '../../lib/report/report-delivery';
import type { Received } from '../../lib/simulator/platform/journal';
import type { PlatformSimulator } from '../../lib/simulator/platform/platform-simulator';
import { SimulatedPlatform } from '../../lib/simulator/simulated-platform';
import { syntheticReports } from '../../lib/simulator/synthetic-reports';
import { SoapClient } from '../../lib/soap/client';
import type { MessageState } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { callPlatform } from '../../lib/sync/call-interface';
import { deliverSync, syncItem } from '../../lib/sync/sync-delivery';
import { readSyncRecords } from '../../lib/sync/sync-records';
import { profileSettings } from './profile-settings';
import { portOf } from './misbehaving-server';
import { until } from './until';

export const IDENTITY = {
  operator: 'TESTYYApi',
  appId: 'PLACEHOLDER-APPID',
  organCode: 'XM-00000-TEST',
  orgCode: '000000T0001',
  strCredential: 'PLACEHOLDER-CREDENTIAL',
  strKey: 'PLACEHOLDER-KEY',
  viewerKey: 'TEST-KEY',
  validation: 'lenient',
} as const;

export type Family = 'report' | 'sync' | 'images';

export interface FaultyPlatformOptions {
  readonly clock?: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Of the hospital's calls. */
  readonly timeoutMs?: number;
}

const RETRY: RetryPolicy = { firstDelayMs: 20, maxDelayMs: 40, maxTries: 4, maxAgeMs: 600_000 };

/** An attempt as it came out: state, or code of the error. */
export interface Attempt {
  readonly service: string;
  readonly result: string;
}

interface Parts {
  readonly folder: string;
  readonly store: MessageStore;
  readonly simulated: SimulatedPlatform;
  readonly server: http.Server;
}

const AE = 'PLATFORM';
/** Of each study. */
export const IMAGES = 4;

export class FaultyPlatform {
  readonly received: Received[] = [];
  readonly emitted: Emission[] = [];
  readonly events: DeliveryEvent[] = [];
  readonly attempts: Attempt[] = [];
  readonly profile: Profile = readProfile(profileSettings(), new CodeTables());
  readonly stage: Stage;
  readonly simulator: PlatformSimulator;
  readonly archive: ImageArchive;
  readonly url: string;
  readonly store: MessageStore;
  readonly #dispatcher: Dispatcher;
  readonly #simulated: SimulatedPlatform;
  readonly #server: http.Server;
  readonly #folder: string;
  readonly #clients: SoapClient[] = [];
  readonly #timeoutMs: number;
  readonly #reports = syntheticReports('lab', this.profile.archive, 'T', new Date());
  readonly #couriers = new Map<Family, Courier>();

  static async start(options: FaultyPlatformOptions = {}): Promise<FaultyPlatform> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faulty-'));
    const store = await openStore(
      { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
      { in: 'caller', ...(options.clock && { clock: options.clock }) },
    );
    const simulated = new SimulatedPlatform(IDENTITY, { aeTitle: AE, port: 0 }, options.clock);
    await simulated.start();
    const server = http.createServer(simulated.platform.handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new FaultyPlatform({ folder, store, simulated, server }, options);
  }

  private constructor(parts: Parts, { clock, retry, timeoutMs = 300 }: FaultyPlatformOptions) {
    const { store } = parts;
    this.#folder = parts.folder;
    this.store = store;
    const { stage, platform, archive } = parts.simulated;
    if (!archive) throw new Error('no archive');
    this.#simulated = parts.simulated;
    [this.stage, this.simulator, this.archive] = [stage, platform, archive];
    this.#server = parts.server;
    this.url = `http://127.0.0.1:${portOf(parts.server)}`;
    this.#timeoutMs = timeoutMs;
    this.simulator.on('received', received => this.received.push(received));
    this.#dispatcher = new Dispatcher(store, {
      retry: { ...RETRY, ...retry },
      onEvent: event => this.events.push(event),
      ...(clock && { clock }),
    });
  }

  get archiveUrl(): string {
    return `${this.url}/sehr.service.auto/IAutoReport.asmx`;
  }

  client(url: string): SoapClient {
    const client = new SoapClient({ url, timeoutMs: this.#timeoutMs, connections: 16 });
    this.#clients.push(client);
    return client;
  }

  /** Takes the `number`-th report, or booking, over for delivery. */
  async send(family: Family, number: number): Promise<void> {
    const item =
      family === 'report'
        ? reportItem(this.#reports(number))
        : family === 'sync'
          ? booking(number, this.profile)
          : await this.#study(number);
    const sender = { channel: family, destination: family };
    await this.#courier(family).accept(handIn([item], sender, {}));
  }

  /** Until that many outcomes have come out. */
  outcomes(count: number, withinMs?: number): Promise<void> {
    return until(`${count} outcomes`, () => this.emitted.length >= count, withinMs);
  }

  /** An operator says that what was wrong is mended. */
  async resume(family: Family): Promise<void> {
    await this.#dispatcher.sendNow(family);
  }

  async states(): Promise<Partial<Record<MessageState, number>>> {
    const states: Partial<Record<MessageState, number>> = {};
    for (const { state, count } of await this.store.tallies({})) states[state] = (states[state] ?? 0) + count;
    return states;
  }

  held(name: 'lab' | 'SyncAppointData'): number {
    return this.simulator.held().find(one => one.name === name)?.records ?? 0;
  }

  /** Numbers of the reports and bookings that the platform holds. */
  async heldNumbers(): Promise<string[]> {
    const authorization = `Basic ${Buffer.from(`${IDENTITY.operator}:${IDENTITY.appId}`).toString('base64')}`;
    const lists = await Promise.all(
      ['lab', 'SyncAppointData'].map(async name => {
        const answer = await fetch(`${this.url}/holdings/${name}`, { headers: { authorization } });
        return (await answer.json()) as Record<string, string>[];
      }),
    );
    return lists.flat().map(record => record['report_form_no'] ?? record['HisKey'] ?? '');
  }

  async stop(): Promise<void> {
    await this.#dispatcher.stop(0);
    await Promise.all(this.#clients.map(client => client.close()));
    await this.#simulated.close();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    await this.store.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  async #study(number: number): Promise<Item> {
    const study = { ...aStudy(), studyInstanceUid: `2.25.${1_000_000 + number}` };
    const files = syntheticImages(study).map(({ sopInstanceUid, file }) => {
      const name = path.join(this.#folder, `${sopInstanceUid}.dcm`);
      fs.writeFileSync(name, file);
      return name;
    });
    const objects = await readOutgoing(files, () => Promise.reject(new Error('no bytes are given')));
    const [item] = studyItems(objects, { efilm: false, newUids: false });
    if (!item) throw new Error('no study');
    return item;
  }

  #courier(family: Family): Courier {
    let courier = this.#couriers.get(family);
    if (!courier) this.#couriers.set(family, (courier = this.#dispatcher.open(this.#channel(family))));
    return courier;
  }

  #channel(family: Family): Channel {
    const archive = this.client(this.archiveUrl);
    const platform = this.client(`${this.url}/CallInterface.asmx`);
    const { operator, appId } = IDENTITY;
    const peer = {
      host: '127.0.0.1',
      port: this.archive.port,
      aeTitle: AE,
      callingAeTitle: 'HOSPITAL',
      connectTimeoutMs: 1_000,
      timeoutMs: this.#timeoutMs,
      maxPdu: 65_536,
    };
    const deliver = (works: readonly Work[], signal: AbortSignal): Promise<readonly DeliveryResult[]> => {
      const each = (one: (work: Work) => Promise<Delivered>) =>
        Promise.all(works.map(work => settled(one(work))));
      if (family === 'report') return each(work => deliverReport(work, archive, this.profile, signal));
      if (family === 'images') return each(work => sendStudy(work, peer, { associations: 1 }, signal));
      return deliverSync(works, (service, records) =>
        callPlatform(platform, service, records, { operator, appId }, signal),
      );
    };
    return {
      id: family,
      destination: family,
      destinationTitle: family,
      rules: this.profile.delivery,
      batch: 1,
      idempotent: true,
      holdsKey: false,
      deliver: async (works, signal) => {
        const results = await deliver(works, signal);
        this.#note(works, results);
        return results;
      },
      emit: emission => {
        this.emitted.push(emission);
        return true;
      },
    };
  }

  #note(works: readonly Work[], results: readonly DeliveryResult[]): void {
    for (const [at, result] of results.entries()) {
      const verdict = 'error' in result ? verdictOf(result.error) : undefined;
      const code = verdict && 'failure' in verdict ? verdict.failure.code : '';
      this.attempts.push({
        service: works[at]?.service ?? '',
        result: 'error' in result ? code : result.state,
      });
    }
  }
}

const settled = (delivered: Promise<Delivered>): Promise<DeliveryResult> =>
  delivered.catch((error: unknown) => ({ error }));

function booking(number: number, { check }: Profile): Item {
  const record = { OrganCode: IDENTITY.organCode, HisKey: `TEST${number}`, AppointmentStatus: '1' };
  const options = {
    organCode: IDENTITY.organCode,
    check,
    statuses: new Set(['1', '2', '3', '4', '5', '6', '7']),
    rangeDays: 30,
    now: new Date(),
  };
  const [read] = readSyncRecords('SyncAppointData', record, options).records;
  if (!read) throw new Error('no booking');
  return syncItem('SyncAppointData', read);
}

function aStudy(): ImagedStudy {
  const hospital = new SyntheticHospital({ path: ':memory:', today: '2030-01-02' });
  const [study] = imagedStudies(hospital.examReports('new'));
  hospital.close();
  if (!study) throw new Error('no study');
  return study;
}
