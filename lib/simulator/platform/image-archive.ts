/**
 * The platform's image side for demo, tests and self-check: it takes in objects and, over objects given to it, plays a
 * hospital's PACS. Not for production: it keeps all in memory, and believes every caller.
 */
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { ImageCollector } from './image-collector';
import type { AssociationFault, ImageFaults } from './image-faults';
import { type HeldStudy, ImageHoldings } from './image-holdings';
import type { Destination } from './image-retrieval';
import { type ArchiveSide, type Arrived, ImageScp } from './image-scp';
import { type ImageCounts, ImageShelf, type ReceivedImage } from './image-shelf';

export { REJECTIONS, onNth } from './image-faults';
export type {
  AssociationFault,
  ImageFaults,
  ObjectFault,
  Rejection,
  SubOperationFault,
} from './image-faults';
export type { HeldStudy } from './image-holdings';
export type { Destination } from './image-retrieval';
export type { ImageCounts, ReceivedImage } from './image-shelf';

export interface ImageArchiveOptions {
  readonly aeTitle: string;
  /** 0: any free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Whoever calls another AE is rejected; default true. */
  readonly checkCalledAeTitle?: boolean;
  /** Whoever else calls is rejected; default: all may. */
  readonly allowedAeTitles?: readonly string[];
  /** Part 10 files, or their paths, for C-FIND, C-GET and C-MOVE. */
  readonly objects?: readonly (string | Buffer)[];
  /** Where C-MOVE may send to, by AE title; read at each C-MOVE. */
  readonly destinations?: Readonly<Record<string, Destination>>;
  /**
   * Chooses the transfer syntax of a storage class, or none. Default: one in which it can give objects of the class
   * away, else the first offered.
   */
  readonly accepts?: (sopClassUid: string, transferSyntaxUids: readonly string[]) => string | undefined;
  readonly faults?: ImageFaults;
  /** Objects kept whole: the newest, each up to 16 MiB; default 100. */
  readonly keepObjects?: number;
  /** All that is kept whole; default 64 MiB. */
  readonly keepBytes?: number;
  /** Objects that are remembered; default 20,000. */
  readonly remember?: number;
  /** A connection without a byte for so long ends; default 60,000. */
  readonly idleMs?: number;
  readonly tls?: tls.TlsOptions;
}

interface Events {
  received: [ReceivedImage];
}

const MIB = 1024 * 1024;
const KEEP_OBJECT_BYTES = 16 * MIB;

/** Emits `received` for each object that it takes over. */
export class ImageArchive extends EventEmitter<Events> {
  readonly #options: ImageArchiveOptions;
  readonly #holdings = new ImageHoldings();
  readonly #shelf: ImageShelf;
  readonly #connections = new Set<net.Socket>();
  #faults: ImageFaults;
  #numbers = { association: 0, object: 0, subOperation: 0 };
  #server: net.Server | undefined;

  /** @throws {Error} for an object that is no Part 10 file. */
  constructor(options: ImageArchiveOptions) {
    super();
    this.#options = options;
    this.#faults = options.faults ?? {};
    const { remember = 20_000, keepObjects = 100, keepBytes = 64 * MIB } = options;
    this.#shelf = new ImageShelf({ remember, keepObjects, keepBytes });
    this.hold(...(options.objects ?? []));
  }

  /** @throws {Error} of Node when the port is taken. */
  async start(): Promise<void> {
    const { tls: secure, port, host = '127.0.0.1' } = this.#options;
    const server = secure
      ? tls.createServer(secure, socket => this.#connected(socket))
      : net.createServer(socket => this.#connected(socket));
    server.listen(port, host);
    await once(server, 'listening');
    this.#server = server;
  }

  /** Ends every connection. What was received stays to be looked at. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections) socket.destroy();
    if (server) await new Promise<unknown>(resolve => server.close(resolve));
  }

  get aeTitle(): string {
    return this.#options.aeTitle;
  }

  /** The port that it listens at; 0 while it doesn't. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The objects taken over and remembered, oldest first, each once. */
  received(): ReceivedImage[] {
    return this.#shelf.received();
  }

  /** A data set, byte for byte as received; undefined for an object that is not kept whole. */
  dataSet(sopInstanceUid: string): Buffer | undefined {
    return this.#shelf.dataSet(sopInstanceUid);
  }

  counts(): ImageCounts {
    return this.#shelf.counts();
  }

  /** The studies that C-FIND, C-GET and C-MOVE know. */
  holdings(): HeldStudy[] {
    return this.#holdings.studies();
  }

  /** Gives it more objects to give away. @throws {Error} for what is no Part 10 file. */
  hold(...files: readonly (string | Buffer)[]): void {
    for (const file of files) this.#holdings.add(file);
  }

  /** Associations and objects are counted from 1 again. */
  setFaults(faults: ImageFaults): void {
    this.#faults = faults;
    this.#numbers = { association: 0, object: 0, subOperation: 0 };
  }

  #connected(socket: net.Socket): void {
    // Otherwise a caller with delayed acknowledgements waits 40 ms for each answer.
    socket.setNoDelay(true);
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    // Its socket keeps it.
    void new ImageScp(socket, this.#side(), this.#options.idleMs ?? 60_000);
  }

  #side(): ArchiveSide {
    const { aeTitle, destinations = {}, accepts } = this.#options;
    return {
      aeTitle,
      destinations,
      holdings: this.#holdings,
      associationFault: (calling, called) => this.#associationFault(calling, called),
      collector: uid =>
        new ImageCollector(KEEP_OBJECT_BYTES, this.#faults.object?.(++this.#numbers.object, uid)),
      subOperationFault: ({ sopInstanceUid }) =>
        this.#faults.subOperation?.(++this.#numbers.subOperation, sopInstanceUid),
      accepts: accepts ?? ((sopClass, offered) => this.#holdings.syntaxFor(sopClass, offered) ?? offered[0]),
      arrived: image => this.#arrived(image),
      echoed: () => this.#shelf.count('echoes'),
    };
  }

  #associationFault(calling: string, called: string): AssociationFault | undefined {
    const { aeTitle, checkCalledAeTitle = true, allowedAeTitles } = this.#options;
    this.#shelf.count('associations');
    const fault = this.#faults.association?.(++this.#numbers.association, calling);
    if (fault) return fault;
    if (checkCalledAeTitle && called !== aeTitle) return { kind: 'reject', as: 'called-ae' };
    if (allowedAeTitles?.includes(calling) === false) return { kind: 'reject', as: 'calling-ae' };
    return undefined;
  }

  #arrived({ identity, whole, bytes, sha256, callingAeTitle, status }: Arrived): void {
    if (status !== 0 && status >> 12 !== 0xb) return this.#shelf.count('refused');
    const image = { ...identity, bytes, sha256, callingAeTitle, status, at: new Date() };
    this.#shelf.add(image, whole);
    this.emit('received', image);
  }
}
