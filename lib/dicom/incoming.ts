/** DIMSE messages as they come out of an association: the command whole, the data set piece by piece. */
import { type Soon, attempt, soon } from '../soon';
import { type CommandSet, decodeCommand } from './command-set';
import { ProtocolViolation } from './protocol-failure';

export interface Message {
  readonly contextId: number;
  readonly command: CommandSet;
  /** Must be read to its end before the next message is asked for; null when none follows. */
  readonly dataSet: DataSetPieces | null;
}

const MOST_COMMAND_BYTES = 64 * 1024;
/** Unread bytes at which the connection is held up, and at which it goes on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;
const MOST_MESSAGES = 32;

/** Takes pieces. Gets the next ones when what it gives is there; none after `false`. */
type Take = (pieces: readonly Buffer[]) => Soon<boolean>;

interface Reader {
  readonly least: number;
  readonly take: Take;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  isBusy: boolean;
}

/** The pieces of one data set, for one reader. */
export class DataSetPieces {
  readonly #onRead: () => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #readBytes = 0;
  #ended = false;
  #failure: Error | undefined;
  /** As long as it wants more. */
  #reader: Reader | undefined;

  constructor(onRead: () => void) {
    this.#onRead = onRead;
  }

  /** All of it has come. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get unreadBytes(): number {
    return this.#bytes;
  }

  /** Bytes that the reader was given. */
  get readBytes(): number {
    return this.#readBytes;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#hand();
  }

  end(): void {
    this.#ended = true;
    this.#hand();
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#hand();
  }

  /**
   * Hands over all pieces as they come: `least` bytes or more at a time, but at the end.
   * @throws {Error} what `take` throws; the reason for which the rest does not come
   */
  each(least: number, take: Take): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reader = { least, take, resolve, reject, isBusy: false };
      this.#hand();
    });
  }

  /** All of it, for data sets that are small. @throws {ProtocolViolation} when it is larger than `most` bytes */
  async whole(most: number): Promise<Buffer> {
    const all: Buffer[] = [];
    await this.each(1, pieces => {
      if (this.#readBytes > most) throw new ProtocolViolation(`data set of more than ${most} bytes`);
      for (const piece of pieces) all.push(piece);
      return true;
    });
    return Buffer.concat(all);
  }

  #hand(): void {
    const reader = this.#reader;
    if (!reader || reader.isBusy) return;
    if (this.#failure) this.#leave(() => reader.reject(this.#failure));
    else if (this.#bytes > 0 && (this.#ended || this.#bytes >= reader.least)) {
      reader.isBusy = true;
      const goOn = (wantsMore: boolean): void => {
        reader.isBusy = false;
        if (wantsMore) this.#hand();
        else this.#leave(reader.resolve);
      };
      void attempt(
        () => soon(reader.take(this.#taken()), goOn),
        error => this.#leave(() => reader.reject(error)),
      );
    } else if (this.#ended) this.#leave(reader.resolve);
  }

  #leave(settle: () => void): void {
    this.#reader = undefined;
    settle();
  }

  #taken(): readonly Buffer[] {
    const pieces = this.#pieces;
    this.#readBytes += this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#onRead();
    return pieces;
  }
}

/** Puts messages together and keeps them until they are asked for. */
export class Inbox {
  readonly #hold: (hold: boolean) => void;
  #command: Buffer[] = [];
  #commandBytes = 0;
  #current: { readonly contextId: number; readonly pieces: DataSetPieces } | undefined;
  #messages: Message[] = [];
  /** Readers that wait, the first for the next message: one may read while another ends the association. */
  #waiting: { resolve: (message: Message | null) => void; reject: (error: Error) => void }[] = [];
  #end: { readonly error: Error | null } | undefined;
  #held = false;

  /** @param hold holds the connection up, or lets it go on: the reader is slower than the peer */
  constructor(hold: (hold: boolean) => void) {
    this.#hold = hold;
  }

  /** A message has begun to come, and is not whole yet. */
  get isWithinMessage(): boolean {
    return this.#current !== undefined || this.#commandBytes > 0;
  }

  /** @throws {ProtocolViolation} for pieces that are not in their turn */
  push(contextId: number, isCommand: boolean, piece: Buffer, last: boolean): void {
    if (isCommand) this.#pushCommand(contextId, piece, last);
    else this.#pushData(contextId, piece, last);
    this.#check();
  }

  /** The next message; null when the association was released. Rejects when it ended otherwise. */
  next(): Promise<Message | null> {
    const message = this.#messages.shift();
    if (message) {
      this.#check();
      return Promise.resolve(message);
    }
    if (this.#end) return this.#end.error ? Promise.reject(this.#end.error) : Promise.resolve(null);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Nothing more comes. */
  end(error: Error | null): void {
    if (this.#end) return;
    this.#end = { error };
    this.#current?.pieces.fail(error ?? new ProtocolViolation('released within a data set'));
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error) reject(error);
      else resolve(null);
    }
  }

  #pushCommand(contextId: number, piece: Buffer, last: boolean): void {
    if (this.#current) throw new ProtocolViolation('command within a data set');
    this.#command.push(piece);
    this.#commandBytes += piece.length;
    if (this.#commandBytes > MOST_COMMAND_BYTES) throw new ProtocolViolation('command set too long');
    if (!last) return;
    const [first] = this.#command;
    const isWhole = this.#command.length === 1 && first !== undefined;
    const command = decodeCommand(isWhole ? first : Buffer.concat(this.#command));
    this.#command = [];
    this.#commandBytes = 0;
    const pieces = command.hasDataSet ? new DataSetPieces(() => this.#check()) : null;
    if (pieces) this.#current = { contextId, pieces };
    this.#deliver({ contextId, command, dataSet: pieces });
  }

  #pushData(contextId: number, piece: Buffer, last: boolean): void {
    if (!this.#current || this.#current.contextId !== contextId)
      throw new ProtocolViolation('data set without its command');
    this.#current.pieces.push(piece);
    if (!last) return;
    this.#current.pieces.end();
    this.#current = undefined;
  }

  #deliver(message: Message): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(message);
    else this.#messages.push(message);
  }

  #check(): void {
    const unread = this.#current?.pieces.unreadBytes ?? 0;
    const full = unread > HIGH_BYTES || this.#messages.length > MOST_MESSAGES;
    const free = unread < LOW_BYTES && this.#messages.length <= MOST_MESSAGES;
    if (!this.#held && full) this.#hold((this.#held = true));
    else if (this.#held && free) this.#hold((this.#held = false));
  }
}
