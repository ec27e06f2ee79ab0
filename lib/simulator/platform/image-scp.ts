/** One connection to an image archive: dcmjs-dimse's association, with the archive's manners. */
import {
  Dataset,
  Implementation,
  Scp,
  type association,
  constants,
  type requests,
  responses,
} from 'dcmjs-dimse';
import type { Socket } from 'node:net';
import type { ImageCollector } from './image-collector';
import {
  type AssociationFault,
  type ConnectionFault,
  type ObjectFault,
  REJECTIONS,
  type SubOperationFault,
} from './image-faults';
import type { HeldImage, ImageHoldings } from './image-holdings';
import type { ObjectIdentity } from '../../dicom/source';
import { SIMULATOR_IMPLEMENTATION } from '../marks';
import { identityOf, readHead, textOf } from './image-identity';
import {
  type Counts,
  type Destination,
  SubOperations,
  answered,
  move,
  storeRequest,
} from './image-retrieval';

const { PresentationContextResult, Status } = constants;

// The library knows one name for all of a thread; in this one its associations are the simulator's alone.
Implementation.setImplementationVersion(SIMULATOR_IMPLEMENTATION);

/** Of the patient root and of the study root. */
const FIND = ['1.2.840.10008.5.1.4.1.2.1.1', constants.SopClass.StudyRootQueryRetrieveInformationModelFind];
const MOVE = ['1.2.840.10008.5.1.4.1.2.1.2', constants.SopClass.StudyRootQueryRetrieveInformationModelMove];
const GET = ['1.2.840.10008.5.1.4.1.2.1.3', constants.SopClass.StudyRootQueryRetrieveInformationModelGet];
const QUERY_RETRIEVE = [...FIND, ...MOVE, ...GET];

const STANDARD = '1.2.840.10008.';
const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/** Statuses that the library has no names for (PS3.4, annexes B and C). */
const NOT_UNDERSTOOD = 0xc000;
const UIDS_DIFFER = 0xa900;
const DESTINATION_UNKNOWN = 0xa801;

interface Facts {
  readonly bytes: number;
  readonly sha256: string;
  /** The data set, when it is small enough to be kept. */
  readonly whole: Buffer | undefined;
}

/** An object that came in whole, whatever is answered. */
export interface Arrived extends Facts {
  readonly identity: ObjectIdentity;
  readonly callingAeTitle: string;
  readonly status: number;
}

/** What a connection needs of its archive. */
export interface ArchiveSide {
  readonly aeTitle: string;
  readonly holdings: ImageHoldings;
  readonly destinations: Readonly<Record<string, Destination>>;
  associationFault(callingAeTitle: string, calledAeTitle: string): AssociationFault | undefined;
  collector(sopInstanceUid: string): ImageCollector;
  subOperationFault(image: HeldImage): SubOperationFault | undefined;
  /** The transfer syntax that is accepted for a storage class, if any. */
  accepts(sopClassUid: string, transferSyntaxUids: readonly string[]): string | undefined;
  arrived(image: Arrived): void;
  echoed(): void;
}

export class ImageScp extends Scp {
  readonly #side: ArchiveSide;
  readonly #connection: Socket;
  #association: association.Association | undefined;
  /** What came with a data set whose head the library hands to `cStoreRequest`. */
  readonly #facts = new WeakMap<Dataset, Facts & { readonly fault: ObjectFault | undefined }>();
  readonly #cancelled = new Set<number>();

  constructor(socket: Socket, side: ArchiveSide, idleMs: number) {
    super(socket, { connectTimeout: idleMs });
    this.#side = side;
    this.#connection = socket;
    // A damaged PDU, or silence: nothing of this association can be trusted any more.
    this.on('networkError', () => socket.destroy());
  }

  override associationRequested(wanted: association.Association): void {
    this.#association = wanted;
    const fault = this.#side.associationFault(
      wanted.getCallingAeTitle().trim(),
      wanted.getCalledAeTitle().trim(),
    );
    if (fault?.kind === 'reject') {
      const [result, source, reason] = REJECTIONS[fault.as];
      this.sendAssociationReject(result, source, reason);
      this.#connection.end();
      return;
    }
    if (fault) return this.#break(fault.kind);
    for (const { id } of wanted.getPresentationContexts()) {
      const context = wanted.getPresentationContext(id);
      const accepted = this.#accepts(context.getAbstractSyntaxUid(), context.getTransferSyntaxUids());
      if (typeof accepted === 'string') context.setResult(PresentationContextResult.Accept, accepted);
      else context.setResult(accepted);
    }
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.#connection.end();
  }

  override cEchoRequest(
    request: requests.CEchoRequest,
    callback: (response: responses.CEchoResponse) => void,
  ): void {
    this.#side.echoed();
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  override createStoreWritableStream(
    _context: association.PresentationContext,
    request: requests.CStoreRequest,
  ): ImageCollector {
    const collector = this.#side.collector(request.getAffectedSopInstanceUid());
    const early = collector.fault?.kind;
    if (early === 'abort-early') this.#break('abort');
    if (early === 'close-early') this.#break('close');
    return collector;
  }

  /** The library would parse the whole object; its head is enough. */
  override createDatasetFromStoreWritableStream(
    writable: ImageCollector,
    context: association.PresentationContext,
    callback: (dataset: Dataset) => void,
  ): void {
    const { fault } = writable;
    if (fault?.kind === 'abort-early' || fault?.kind === 'close-early') return;
    const { head, ...facts } = writable.result();
    const dataset = readHead(head, context.getAcceptedTransferSyntaxUid() ?? '');
    this.#facts.set(dataset, { ...facts, fault });
    callback(dataset);
  }

  override cStoreRequest(
    request: requests.CStoreRequest,
    callback: (response: responses.CStoreResponse) => void,
  ): void {
    const dataset = request.getDataset();
    const found = dataset && this.#facts.get(dataset);
    if (!dataset || !found) return callback(storeResponse(request, NOT_UNDERSTOOD));
    const { fault, ...facts } = found;
    if (fault?.kind === 'silence' || fault?.kind === 'abort' || fault?.kind === 'close')
      return this.#break(fault.kind);
    const identity = identityOf(dataset);
    const wrong = fault?.kind === 'status' ? fault : undefined;
    const status = wrong?.status ?? judge(request, identity);
    const callingAeTitle = this.#association?.getCallingAeTitle().trim() ?? '';
    this.#side.arrived({ identity, ...facts, callingAeTitle, status });
    if (fault?.kind === 'lost-answer') return this.#break('close');
    const respond = (): void => callback(storeResponse(request, status, wrong?.comment));
    if (fault?.kind === 'delay') setTimeout(respond, fault.ms).unref();
    else respond();
  }

  override cFindRequest(
    request: requests.CFindRequest,
    callback: (answers: responses.CFindResponse[]) => void,
  ): void {
    const keys = request.getDataset();
    const found = keys && this.#side.holdings.find(keys.getElements());
    const respond = (status: number): responses.CFindResponse => {
      const response = responses.CFindResponse.fromRequest(request);
      response.setAffectedSopClassUid(request.getAffectedSopClassUid());
      response.setStatus(status);
      return response;
    };
    if (!keys || !found) return callback([respond(UIDS_DIFFER)]);
    const answers = found.map(elements => {
      const response = respond(Status.Pending);
      response.setDataset(new Dataset(elements, keys.getTransferSyntaxUid()));
      return response;
    });
    callback([...answers, respond(Status.Success)]);
  }

  override cGetRequest(request: requests.CGetRequest): void {
    void this.#get(request);
  }

  override cMoveRequest(request: requests.CMoveRequest): void {
    void this.#move(request);
  }

  override cCancelRequest(request: requests.CCancelRequest): void {
    this.#cancelled.add(request.getMessageIdBeingRespondedTo());
  }

  override abort(): void {
    this.#connection.destroy();
  }

  #accepts(abstractSyntax: string, offered: readonly string[]): string | number {
    const uncompressed = [
      constants.TransferSyntax.ExplicitVRLittleEndian,
      constants.TransferSyntax.ImplicitVRLittleEndian,
    ];
    const service =
      abstractSyntax === constants.SopClass.Verification || QUERY_RETRIEVE.includes(abstractSyntax);
    // A class that the standard does not know is a private storage class.
    const storage = abstractSyntax.startsWith(STORAGE) || !abstractSyntax.startsWith(STANDARD);
    if (!service && !storage) return PresentationContextResult.RejectAbstractSyntaxNotSupported;
    const accepted = service
      ? uncompressed.find(syntax => offered.includes(syntax))
      : this.#side.accepts(abstractSyntax, offered);
    return accepted ?? PresentationContextResult.RejectTransferSyntaxesNotSupported;
  }

  #break(how: ConnectionFault['kind']): void {
    if (how === 'silence') return;
    if (how === 'abort') this.sendAbort();
    this.#connection.end();
  }

  async #get(request: requests.CGetRequest): Promise<void> {
    const images = this.#wanted(request);
    const done = new SubOperations(images.length);
    for (const image of images) {
      if (this.#cancelled.has(request.getMessageId())) break;
      done.add(await this.#give(image));
      if (done.counts().remaining > 0)
        this.#tell(responses.CGetResponse.fromRequest(request), request, Status.Pending, done.counts());
    }
    this.#end(responses.CGetResponse.fromRequest(request), request, done);
  }

  /** Over this same association; undefined when it could not be sent. */
  async #give(image: HeldImage): Promise<number | undefined> {
    const fault = this.#side.subOperationFault(image);
    if (fault) return fault === 'lose' ? Status.Success : undefined;
    const fits = this.#association
      ?.getPresentationContexts()
      .some(
        ({ context }) =>
          context.getResult() === PresentationContextResult.Accept &&
          context.getAbstractSyntaxUid() === image.sopClassUid &&
          context.getAcceptedTransferSyntaxUid() === image.transferSyntaxUid,
      );
    if (!fits) return undefined;
    const store = storeRequest(image);
    const answer = answered(store);
    this.sendRequests(store);
    return answer;
  }

  async #move(request: requests.CMoveRequest): Promise<void> {
    const respond = (): responses.CMoveResponse => responses.CMoveResponse.fromRequest(request);
    const images = this.#wanted(request);
    const destinationAeTitle = textOf(request.getCommandDataset().getElement('MoveDestination'));
    const destination = this.#side.destinations[destinationAeTitle];
    if (!destination) {
      const response = respond();
      response.setErrorComment('move destination unknown');
      return this.#tell(response, request, DESTINATION_UNKNOWN, new SubOperations(images.length).counts());
    }
    const order = {
      images,
      aeTitle: this.#side.aeTitle,
      destinationAeTitle,
      destination,
      messageId: request.getMessageId(),
      callingAeTitle: this.#association?.getCallingAeTitle().trim() ?? '',
      faultOf: (image: HeldImage) => this.#side.subOperationFault(image),
    };
    const done = await move(order, counts => this.#tell(respond(), request, Status.Pending, counts));
    this.#end(respond(), request, done);
  }

  #wanted(request: Retrieval): HeldImage[] {
    const keys = request.getDataset();
    return (keys && this.#side.holdings.retrieve(keys.getElements())) ?? [];
  }

  #end(response: Retrieved, request: Retrieval, done: SubOperations): void {
    const cancelled = this.#cancelled.delete(request.getMessageId());
    this.#tell(response, request, cancelled ? Status.Cancel : done.status(), done.counts());
  }

  #tell(response: Retrieved, request: Retrieval, status: number, counts: Counts): void {
    if (this.#connection.destroyed) return;
    response.setAffectedSopClassUid(request.getAffectedSopClassUid());
    response.setStatus(status);
    if (status === Status.Pending || status === Status.Cancel) response.setRemaining(counts.remaining);
    response.setCompleted(counts.completed);
    response.setWarnings(counts.warnings);
    response.setFailures(counts.failures);
    this.sendResponse(request, response);
  }
}

type Retrieval = requests.CGetRequest | requests.CMoveRequest;
type Retrieved = responses.CGetResponse | responses.CMoveResponse;

/** An object must be what its command says, else nothing is answered for it. */
function judge(request: requests.CStoreRequest, { sopInstanceUid, sopClassUid }: ObjectIdentity): number {
  if (sopInstanceUid === '') return NOT_UNDERSTOOD;
  const announced = [request.getAffectedSopInstanceUid(), request.getAffectedSopClassUid()].map(textOf);
  return announced[0] === sopInstanceUid && announced[1] === sopClassUid ? Status.Success : UIDS_DIFFER;
}

function storeResponse(
  request: requests.CStoreRequest,
  status: number,
  comment?: string,
): responses.CStoreResponse {
  const response = responses.CStoreResponse.fromRequest(request);
  response.setStatus(status);
  if (comment !== undefined) response.setErrorComment(comment);
  return response;
}
