/** All of the platform's side in one: its services, its image archive when wanted, and what goes wrong with them. */
import { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '../clock';
import { ImageArchive, type ReceivedImage } from './platform/image-archive';
import { imageFaultsBy } from './platform/image-fault-plan';
import type { Received } from './platform/journal';
import { PlatformSimulator, type PlatformSimulatorOptions } from './platform/platform-simulator';
import { Stage, type StageState } from './stage';

export interface ArchiveOptions {
  readonly aeTitle: string;
  /** 0: any free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

interface Events {
  received: [Received];
  image: [ReceivedImage];
  /** Something else goes wrong from now on, or nothing any more. */
  stage: [StageState];
}

export class SimulatedPlatform extends EventEmitter<Events> {
  readonly stage: Stage;
  readonly platform: PlatformSimulator;
  readonly archive: ImageArchive | undefined;

  constructor(options: PlatformSimulatorOptions, archive?: ArchiveOptions, clock: Clock = systemClock) {
    super();
    this.stage = new Stage(clock, state => this.emit('stage', state));
    this.platform = new PlatformSimulator(options, this.stage.faults);
    this.platform.on('received', received => this.emit('received', received));
    this.archive = archive && new ImageArchive({ ...archive, faults: imageFaultsBy(this.stage.faults) });
    this.archive?.on('received', image => this.emit('image', image));
  }

  /** Opens the port of the archive, if there is one. @throws {Error} of Node when it is taken */
  async start(): Promise<void> {
    await this.archive?.start();
  }

  async close(): Promise<void> {
    this.stage.close();
    this.platform.close();
    await this.archive?.stop();
  }
}
