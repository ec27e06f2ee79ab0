/** A report file → checked → stored → its address for ReportFilePath (5.1.5). */
import type { Text } from '../errors';
import { checkLength } from './address';
import { openContent } from './content';
import { type Limits, withDeadline } from './deadline';
import type { Destination } from './destination';
import { type FileType, inspect } from './inspect';
import type { Change, OnConflict } from './local-folder';
import { NameTemplate } from './name-template';
import { Places } from './turns';

/** Files at work at the same time; each may be a connection. */
const AT_ONCE = 4;

/** What became of a file, as it stands in `msg.exchange`. */
export interface ReportFileStory {
  readonly service: 'ReportFilePath';
  readonly outcome: 'accepted';
  /** `unchanged`: the same content stood there already. */
  readonly change: Change;
  readonly type: FileType;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly warnings: readonly Text[];
}

export interface Publication extends ReportFileStory {
  readonly address: string;
}

export interface PublisherOptions {
  readonly destination: Destination;
  readonly template: string;
  readonly onConflict: OnConflict;
  readonly limits: Limits;
  readonly now?: () => Date;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #template: NameTemplate;
  readonly #places = new Places(AT_ONCE);

  /** @throws ExchangeError CONFIG for a wrong template */
  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#template = new NameTemplate(options.template);
  }

  /**
   * @param source a Buffer, or the complete path of a file
   * @param lookUp gives the values of the template's placeholders
   * @throws ExchangeError CONTRACT (not a PDF or JPG, encrypted, incomplete, address too long, value missing), CONFIG,
   *   TOO_LARGE, BUSINESS (name taken), TRANSPORT_…, TLS, ABORTED
   */
  publish(source: unknown, lookUp: (name: string) => unknown, signal: AbortSignal): Promise<Publication> {
    const { timeoutMs } = this.#options.limits;
    return this.#places.run(() =>
      withDeadline(timeoutMs, signal, within => this.#publish(source, lookUp, within)),
    );
  }

  async #publish(
    source: unknown,
    lookUp: (name: string) => unknown,
    signal: AbortSignal,
  ): Promise<Publication> {
    const { destination, onConflict, limits, now = () => new Date() } = this.#options;
    const startedAt = now();
    const started = performance.now();
    const content = await openContent(source, limits.maxBytes);
    try {
      const facts = await inspect(content, signal);
      const name = this.#template.expand({
        now: startedAt,
        type: facts.type,
        file: content.fileName,
        lookUp,
      });
      checkLength(await destination.draft(name));
      const stored = await destination.store(name, content, facts, { onConflict, signal });
      return {
        service: 'ReportFilePath',
        outcome: 'accepted',
        ...stored,
        ...facts,
        startedAt: startedAt.toISOString(),
        durationMs: Math.round(performance.now() - started),
      };
    } finally {
      await content.close();
    }
  }
}
