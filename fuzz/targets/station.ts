/** Our DICOM station and callers that send damaged conversations. */
import fs from 'node:fs';
import net from 'node:net';
import { echo } from '../../lib/dicom/echo';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import { Station } from '../../lib/dicom/storage-scp';
import type { Chance } from '../../test/support/chance';
import { freePort } from '../../test/support/port';
import { temporaryFolder } from '../../test/support/report-files';
import { Finding, PATIENT, type Target } from '../target';
import { conversation } from './dicom';

/** Callers after which the station must still answer a C-ECHO. */
const ALIVE_AFTER = 500;

class StationTarget implements Target {
  readonly name = 'station';
  readonly usualCount = 10_000;
  readonly mostGrowthMiB = 48;
  #station: Station | undefined;
  #port = 0;
  #folder = '';
  #problem: string | undefined;
  #callers = 0;

  input(chance: Chance): Buffer {
    return conversation(chance);
  }

  async open(): Promise<void> {
    this.#folder = temporaryFolder('fuzz-station');
    this.#port = await freePort();
    this.#station = new Station(
      {
        aeTitle: 'STATION',
        host: '127.0.0.1',
        port: this.#port,
        allowedAeTitles: new Set(),
        admitsAddress: () => true,
        checkCalledAeTitle: true,
        associations: 4,
        timeoutMs: 2000,
        maxPdu: 131_072,
        folder: new ObjectFolder(this.#folder, 1024 * 1024),
      },
      {
        onObject: () => Promise.resolve(),
        onAssociationEnd: () => undefined,
        onProblem: ({ zh, en }) => {
          const isOurs = /internal/.test(en) || Object.values(PATIENT).some(value => zh.includes(value));
          if (isOurs) this.#problem = `${zh} ${en}`;
        },
      },
    );
    await this.#station.listen();
  }

  async run(input: Buffer): Promise<void> {
    await this.#say(input);
    if (this.#problem !== undefined) throw new Finding(`the station says: ${this.#problem}`);
    if (++this.#callers % ALIVE_AFTER !== 0) return;
    await echo({
      aeTitle: 'STATION',
      callingAeTitle: 'SENDER',
      host: '127.0.0.1',
      port: this.#port,
      connectTimeoutMs: 900,
      timeoutMs: 900,
      maxPdu: 16_384,
    });
  }

  async close(): Promise<void> {
    await this.#station?.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Sends all and waits until the station has closed the connection. */
  #say(bytes: Buffer): Promise<void> {
    return new Promise(resolve => {
      const socket = net.connect(this.#port, '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => undefined).on('close', () => resolve());
      socket.resume();
    });
  }
}

export const stationTarget: Target = new StationTarget();
