/** The sub-operations of C-GET and C-MOVE: objects on their way, counted. */
import { Client, Dataset, association, constants, requests } from 'dcmjs-dimse';
import type { SubOperationFault } from './image-faults';
import type { HeldImage } from './image-holdings';

/** Hands its bytes on as they are; the library would parse and re-encode them. */
class HeldDataset extends Dataset {
  readonly #image: HeldImage;

  constructor(image: HeldImage) {
    super({ SOPClassUID: image.sopClassUid, SOPInstanceUID: image.sopInstanceUid }, image.transferSyntaxUid);
    this.#image = image;
  }

  override getDenaturalizedDataset(): Buffer {
    return this.#image.dataSet();
  }
}

export const storeRequest = (image: HeldImage): requests.CStoreRequest =>
  new requests.CStoreRequest(new HeldDataset(image));

export interface Counts {
  readonly remaining: number;
  readonly completed: number;
  readonly warnings: number;
  readonly failures: number;
}

export class SubOperations {
  #remaining: number;
  #completed = 0;
  #warnings = 0;
  #failures = 0;

  constructor(total: number) {
    this.#remaining = total;
  }

  /** Notes the status of one C-STORE; undefined: there was no answer. */
  add(status: number | undefined): void {
    this.#remaining--;
    if (status === constants.Status.Success) this.#completed++;
    else if (status !== undefined && status >> 12 === 0xb) this.#warnings++;
    else this.#failures++;
  }

  counts(): Counts {
    return {
      remaining: this.#remaining,
      completed: this.#completed,
      warnings: this.#warnings,
      failures: this.#failures,
    };
  }

  /** All done, done with failures, or nothing could be done (PS3.4, C.4.2.1.5). */
  status(): number {
    if (this.#failures === 0) return constants.Status.Success;
    return this.#completed + this.#warnings > 0 ? 0xb000 : 0xa702;
  }
}

/** Resolves with the status of the answer, or undefined when the request ended without one. */
export function answered(request: requests.CStoreRequest): Promise<number | undefined> {
  return new Promise(resolve => {
    let status: number | undefined;
    request.on('response', (response: { getStatus(): number }) => (status = response.getStatus()));
    request.on('done', () => resolve(status));
  });
}

export interface Destination {
  readonly host: string;
  readonly port: number;
}

export interface Move {
  readonly images: readonly HeldImage[];
  readonly aeTitle: string;
  readonly destinationAeTitle: string;
  readonly destination: Destination;
  readonly messageId: number;
  readonly callingAeTitle: string;
  readonly faultOf: (image: HeldImage) => SubOperationFault | undefined;
}

/** Sends the objects to where C-MOVE wants them, over an association of its own. `told` gets the counts after each. */
export function move(order: Move, told: (counts: Counts) => void): Promise<SubOperations> {
  const done = new SubOperations(order.images.length);
  const note = (status: number | undefined): void => {
    done.add(status);
    if (done.counts().remaining > 0) told(done.counts());
  };
  const client = new Client();
  const open = new Set<requests.CStoreRequest>();
  const contexts = new Set<string>();
  for (const image of order.images) {
    const fault = order.faultOf(image);
    if (fault) {
      note(fault === 'lose' ? constants.Status.Success : undefined);
      continue;
    }
    const request = storeRequest(image);
    const command = request.getCommandDataset();
    command.setElement('MoveOriginatorApplicationEntityTitle', order.callingAeTitle);
    (command.getElements() as Record<string, number>)['MoveOriginatorMessageID'] = order.messageId;
    open.add(request);
    client.addRequest(request);
    void answered(request).then(status => {
      if (open.delete(request)) note(status);
    });
    // A context of its own for each syntax: else the peer could choose one that the object is not in.
    const context = `${image.sopClassUid} ${image.transferSyntaxUid}`;
    if (contexts.has(context)) continue;
    contexts.add(context);
    client.addAdditionalPresentationContext(
      new association.PresentationContext(0, image.sopClassUid, image.transferSyntaxUid),
      true,
    );
  }
  if (open.size === 0) return Promise.resolve(done);
  return new Promise(resolve => {
    client.on('closed', () => {
      for (const request of open) {
        open.delete(request);
        note(undefined);
      }
      resolve(done);
    });
    client.send(order.destination.host, order.destination.port, order.aeTitle, order.destinationAeTitle);
  });
}
