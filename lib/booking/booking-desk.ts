/**
 * Between the SOAP endpoint and the flow: hands checked calls out, takes answers back, and answers a repeated booking
 * from memory instead of booking twice (A-29i).
 */
import { createHash, randomUUID } from 'node:crypto';
import { bookingServices } from '../contract/services';
import type { EscapedXml } from '../wire/escaped-xml';
import { type Answer, refusal } from './answer';
import { type BookingAccess, BookingRefusal, type BookingRequest, readBookingRequest } from './request';

export interface BookingCall extends BookingRequest {
  readonly id: string;
  readonly receivedAt: Date;
}

export interface BookingDeskOptions {
  readonly access: BookingAccess;
  /** For how long a repeated MedicalAppoint or CancelAppoint is answered from memory. */
  readonly repeatMs: number;
  /** Gives a call to the flow; the answer comes back through {@link answerCall}. */
  readonly onCall: (call: BookingCall) => void;
  readonly onRefused?: (refused: { readonly reason: string }) => void;
  readonly onAnswered?: (answered: {
    readonly service: string;
    readonly success: boolean;
    readonly durationMs: number;
  }) => void;
  readonly now?: () => number;
}

interface Work {
  readonly request: BookingRequest;
  readonly answer: Promise<Answer>;
  readonly startedAt: number;
  settled?: Answer;
}

/** Calls that wait for their flow, in all desks of this process: booking-response finds a call by its id alone. */
const waiting = new Map<string, { readonly call: BookingCall; readonly resolve: (answer: Answer) => void }>();

/** The call that waits for an answer; undefined when it was answered, or was never known. */
export const waitingCall = (id: string): BookingCall | undefined => waiting.get(id)?.call;

/** Answers a waiting call. False when there is none: answered before, or from before a restart. */
export function answerCall(id: string, answer: Answer): boolean {
  const found = waiting.get(id);
  waiting.delete(id);
  found?.resolve(answer);
  return found !== undefined;
}

export class BookingDesk {
  readonly #options: BookingDeskOptions;
  readonly #now: () => number;
  /** Changing calls that are at work or were answered Yes, by what they ask for. */
  readonly #changes = new Map<string, Work>();
  readonly #open = new Set<string>();

  constructor(options: BookingDeskOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Calls whose flow has not answered yet. */
  get pending(): number {
    return this.#open.size;
  }

  /**
   * One call of AppointmentDealInterface. Refusals are answers (success=No), never faults. The promise waits
   * for the flow as long as that takes; the endpoint limits the time.
   */
  async handle(msgHeader: string | null, msgBody: string | null): Promise<EscapedXml> {
    try {
      const request = readBookingRequest(msgHeader, msgBody, this.#options.access);
      const startedAt = this.#now();
      const { service } = request;
      const { success, body } = await ('changes' in bookingServices[service]
        ? this.#change(request)
        : this.#ask(request));
      this.#options.onAnswered?.({ service, success, durationMs: this.#now() - startedAt });
      return body;
    } catch (error) {
      if (!(error instanceof BookingRefusal)) throw error;
      this.#options.onRefused?.({ reason: error.reason });
      return refusal(error.reason).body;
    }
  }

  /** Forgets the calls that the flow can no longer answer. Their callers get a fault from the endpoint. */
  close(): void {
    for (const id of this.#open) waiting.delete(id);
    this.#open.clear();
    this.#changes.clear();
  }

  #ask(request: BookingRequest): Promise<Answer> {
    const id = randomUUID();
    this.#open.add(id);
    return new Promise<Answer>(resolve => {
      const call = { ...request, id, receivedAt: new Date(this.#now()) };
      waiting.set(id, {
        call,
        resolve: answer => {
          this.#open.delete(id);
          resolve(answer);
        },
      });
      this.#options.onCall(call);
    });
  }

  /**
   * The same change asked again, after a time-out or a lost answer: it joins the one at work, or gets the answer of
   * the one that succeeded. One that was refused may be tried again, since the slot may have become free.
   */
  #change(request: BookingRequest): Promise<Answer> {
    this.#forgetOld();
    const key = changeKey(request);
    const known = this.#changes.get(key);
    if (known) return known.answer;
    const answer = this.#ask(request);
    const work: Work = { request, answer, startedAt: this.#now() };
    this.#changes.set(key, work);
    void answer.then(given => {
      work.settled = given;
      if (given.success) this.#forgetOpposite(request);
      else this.#changes.delete(key);
    });
    return answer;
  }

  /** After a cancellation the same booking is a new one, and the other way round. */
  #forgetOpposite({ service }: BookingRequest): void {
    for (const [key, work] of this.#changes)
      if (work.settled && work.request.service !== service) this.#changes.delete(key);
  }

  #forgetOld(): void {
    const oldest = this.#now() - this.#options.repeatMs;
    for (const [key, work] of this.#changes) if (work.startedAt < oldest) this.#changes.delete(key);
  }
}

const changeKey = ({ service, record }: BookingRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([service, record]))
    .digest('base64');
