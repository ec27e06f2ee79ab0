/** C-STORE of many objects over parallel associations (PS3.4 annex B), with a result for each. */
import { ExchangeError } from '../errors';
import type { AcceptedContext, Association } from './association';
import type { ByteSource } from './byte-source';
import { Command } from './command-set';
import type { DataSetPdus } from './data-set-pdus';
import { violated } from './protocol-failure';
import { MOST_CONTEXTS, type Peer, requestAssociation } from './request-association';
import { type StatusClass, statusClass } from './status';

/** A data set in one transfer syntax. */
export interface Written {
  readonly transferSyntaxUid: string;
  /** Opens its bytes, when its turn has come. */
  open(): Promise<ByteSource>;
}

/** An object to be sent, in its own transfer syntax. */
export interface Outgoing extends Written {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** The same in other syntaxes, for a peer that does not accept its own; the first ones are better. */
  readonly alternatives?: readonly Written[];
}

export interface ObjectResult {
  readonly sopInstanceUid: string;
  /** `unknown`: sent, and the answer was lost; `failed` without a status: it was not sent. */
  readonly class: StatusClass | 'unknown';
  /** Status of the peer; null when it did not answer. */
  readonly status: number | null;
  /** (0000,0902) of the answer. May name a patient. */
  readonly comment: string;
  /** The transfer syntax of the alternative that was sent, if one was. */
  readonly recodedTo?: string;
  readonly error?: ExchangeError;
}

export interface StoreOptions {
  /** Associations at the same time: on receivers with delayed acknowledgements they are the one lever. */
  readonly associations: number;
  readonly signal?: AbortSignal;
  readonly onResult?: (result: ObjectResult) => void;
  /** Of a C-MOVE that these are sub-operations of. */
  readonly moveOriginator?: { readonly aeTitle: string; readonly messageId: number };
}

/**
 * Sends objects; each gets a result, whatever happens. An object that was under way when an association was lost is
 * `unknown`; one that was not sent because none was left has the reason as its error. Sending again is safe: the SOP
 * instance UID tells the receiver.
 */
export async function storeObjects(
  peer: Peer,
  objects: readonly Outgoing[],
  options: StoreOptions,
): Promise<ObjectResult[]> {
  const results = new Map<Outgoing, ObjectResult>();
  const note: Note = (object, result) => {
    results.set(object, result);
    options.onResult?.(result);
  };
  for (const plan of plansOf(objects)) await new Run(peer, plan, options, note).finish();
  return objects.map(object => results.get(object) ?? notSent(object, violated(peer.aeTitle, 'no result')));
}

interface Plan {
  readonly contexts: readonly {
    readonly abstractSyntax: string;
    readonly transferSyntaxes: readonly string[];
  }[];
  readonly objects: readonly Outgoing[];
}

/**
 * Each pair of SOP class and transfer syntax is a context of its own; what needs more than 128 needs another go. All
 * contexts of an object are in the same one.
 */
function plansOf(objects: readonly Outgoing[]): Plan[] {
  const alike = new Map<string, Outgoing[]>();
  for (const object of objects) {
    const key = pairsOf(object).join();
    const known = alike.get(key);
    if (known) known.push(object);
    else alike.set(key, [object]);
  }
  const plans: { pairs: Set<string>; objects: Outgoing[] }[] = [];
  for (const some of alike.values()) {
    const pairs = some[0] ? pairsOf(some[0]) : [];
    const last = plans.at(-1);
    if (last && new Set([...last.pairs, ...pairs]).size <= MOST_CONTEXTS) {
      for (const pair of pairs) last.pairs.add(pair);
      last.objects.push(...some);
    } else plans.push({ pairs: new Set(pairs), objects: some });
  }
  return plans.map(plan => ({
    contexts: Array.from(plan.pairs, pair => {
      const [abstractSyntax = '', transferSyntax = ''] = pair.split(' ');
      return { abstractSyntax, transferSyntaxes: [transferSyntax] };
    }),
    objects: plan.objects,
  }));
}

const pairsOf = (object: Outgoing): string[] =>
  waysOf(object).map(({ transferSyntaxUid }) => `${object.sopClassUid} ${transferSyntaxUid}`);

/** All that an object can be sent as, its own syntax first. */
const waysOf = (object: Outgoing): readonly Written[] => [object, ...(object.alternatives ?? [])];

/** An object whose turn comes next. */
interface Prepared {
  readonly object: Outgoing;
  readonly begun: Promise<Begun>;
}

/** The data set of an object, open, or why it cannot be sent. */
type Begun =
  | { readonly pdus: DataSetPdus; readonly context: AcceptedContext; readonly error?: undefined }
  | { readonly pdus?: undefined; readonly error: ExchangeError };

/** Small objects are read while others are sent. */
const OBJECTS_AHEAD = 2;

type Note = (object: Outgoing, result: ObjectResult) => void;

class Run {
  readonly #peer: Peer;
  readonly #plan: Plan;
  readonly #options: StoreOptions;
  readonly #note: Note;
  readonly #waiting: Outgoing[];
  #failure: ExchangeError | undefined;

  constructor(peer: Peer, plan: Plan, options: StoreOptions, note: Note) {
    this.#peer = peer;
    this.#plan = plan;
    this.#options = options;
    this.#note = note;
    this.#waiting = plan.objects.toReversed();
  }

  async finish(): Promise<void> {
    const count = Math.max(1, Math.min(this.#options.associations, this.#waiting.length));
    await Promise.all(Array.from({ length: count }, () => this.#work()));
    for (const object of this.#waiting.splice(0))
      this.#note(object, notSent(object, this.#failure ?? violated(this.#peer.aeTitle, 'not sent')));
  }

  /**
   * One association, from its request until nothing waits or it is lost. One that ends for another reason, such as a file
   * that could not be read to its end, is followed by another.
   */
  async #work(): Promise<void> {
    const { signal } = this.#options;
    let association: Association;
    try {
      association = await requestAssociation(this.#peer, this.#plan.contexts, signal ? { signal } : {});
    } catch (error) {
      // A peer may allow fewer associations than we want: those that stand do the work.
      this.#failure ??= asFailure(error);
      return;
    }
    const isLost = await this.#sendBy(association);
    await association.release();
    if (!isLost && this.#waiting.length > 0) await this.#work();
  }

  /** Sends until nothing waits, or the association ends. True when it was lost at an object. */
  async #sendBy(association: Association): Promise<boolean> {
    const ahead: Prepared[] = [];
    let isLost = false;
    for (let next = this.#take(association); next; next = ahead.shift() ?? this.#take(association)) {
      while (ahead.length < OBJECTS_AHEAD && this.#mayTakeAhead(association))
        ahead.push(this.#take(association)!);
      const { object } = next;
      try {
        this.#note(object, await this.#store(association, next));
      } catch (error) {
        const failure = asFailure(error);
        this.#failure ??= failure;
        this.#note(object, { ...notSent(object, failure), class: 'unknown' });
        isLost = !association.isOpen;
      }
      if (!association.isOpen) break;
    }
    // Nothing of these has left.
    this.#waiting.push(...ahead.map(({ object }) => object).toReversed());
    await Promise.all(ahead.map(async ({ begun }) => (await begun).pdus?.close()));
    return isLost;
  }

  #take(association: Association): Prepared | undefined {
    const object = this.#waiting.pop();
    return object && { object, begun: begin(association, object) };
  }

  /** What others could send at the same time is left to them, and what would be decompressed to its turn. */
  #mayTakeAhead(association: Association): boolean {
    const object = this.#waiting.at(-1);
    return (
      object !== undefined &&
      this.#waiting.length >= this.#options.associations &&
      association.contextFor(object.sopClassUid, object.transferSyntaxUid) !== undefined
    );
  }

  async #store(association: Association, { object, begun }: Prepared): Promise<ObjectResult> {
    const beginning = await begun;
    if (beginning.error) return notSent(object, beginning.error);
    const { pdus, context } = beginning;
    const { sopClassUid: affectedSopClassUid, sopInstanceUid } = object;
    const { moveOriginator } = this.#options;
    const messageId = association.nextMessageId();
    try {
      await association.send(
        context.id,
        {
          commandField: Command.cStoreRq,
          messageId,
          affectedSopClassUid,
          affectedSopInstanceUid: sopInstanceUid,
          priority: 0,
          ...(moveOriginator && {
            moveOriginatorAeTitle: moveOriginator.aeTitle,
            moveOriginatorMessageId: moveOriginator.messageId,
          }),
          hasDataSet: true,
        },
        pdus,
      );
    } catch (failure) {
      await pdus.close();
      if (pdus.hasFailed) return notSent(object, unreadable(failure));
      throw failure;
    }
    const [{ command }] = await Promise.all([association.response(messageId), pdus.close()]);
    const { status = 0xc000, errorComment = '' } = command;
    const { transferSyntax } = context;
    return {
      sopInstanceUid,
      class: statusClass(status),
      status,
      comment: errorComment,
      ...(transferSyntax !== object.transferSyntaxUid && { recodedTo: transferSyntax }),
    };
  }
}

/** Opens an object, and reads its beginning. */
async function begin(association: Association, object: Outgoing): Promise<Begun> {
  const { sopClassUid, transferSyntaxUid } = object;
  for (const way of waysOf(object)) {
    const context = association.contextFor(sopClassUid, way.transferSyntaxUid);
    if (!context) continue;
    try {
      const pdus = association.pdusOf(await way.open());
      await pdus.begin();
      return { pdus, context };
    } catch (error) {
      return { error: unreadable(error) };
    }
  }
  return { error: notAccepted(association.host, sopClassUid, transferSyntaxUid) };
}

const notSent = ({ sopInstanceUid }: Outgoing, error: ExchangeError): ObjectResult => ({
  sopInstanceUid,
  class: 'failed',
  status: null,
  comment: '',
  error,
});

const asFailure = (error: unknown): ExchangeError =>
  error instanceof ExchangeError ? error : unreadable(error);

const notAccepted = (host: string, sopClass: string, transferSyntax: string): ExchangeError =>
  new ExchangeError({
    code: 'DICOM_CONTEXT',
    retry: 'never',
    text: {
      zh: `${host} 不接受该 SOP 类 ${sopClass} 的传输语法 ${transferSyntax}：请在对方开通，或先转换影像`,
      en: `${host} does not accept SOP class ${sopClass} in transfer syntax ${transferSyntax}: enable it there, or convert the image first`,
    },
    details: { sopClass, transferSyntax },
  });

const unreadable = (error: unknown): ExchangeError =>
  error instanceof ExchangeError
    ? error
    : new ExchangeError({
        code: 'DICOM_FILE',
        retry: 'retry',
        text: {
          zh: `影像文件无法读取（${codeOf(error)}）：请检查文件是否还在、是否有读取权限`,
          en: `the image file cannot be read (${codeOf(error)}): check that it is there and readable`,
        },
      });

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'changed';
