/** Faults of the table as the image archive takes them. */
import type { FaultChooser } from '../faults/fault-chooser';
import type { ImageFaultOrder } from '../faults/fault-order';
import type { AssociationFault, ImageFaults, ObjectFault } from './image-faults';

const OUT_OF_RESOURCES = 0xa700;
export const SLOW_MS = 3_000;

/** Asks the chooser at each association and object. */
export const imageFaultsBy = (chooser: FaultChooser): ImageFaults => ({
  association: () => associationFault(chooser.ofImage('association')),
  object: () => objectFault(chooser.ofImage('object')),
});

function associationFault(order: ImageFaultOrder | undefined): AssociationFault | undefined {
  switch (order?.fault) {
    case 'silent':
      return { kind: 'silence' };
    case 'reject':
      return { kind: 'reject', as: 'congestion' };
    case 'abort':
      return { kind: 'abort' };
    case 'close':
      return { kind: 'close' };
    default:
      return undefined;
  }
}

function objectFault(order: ImageFaultOrder | undefined): ObjectFault | undefined {
  switch (order?.fault) {
    case 'slow':
      return { kind: 'delay', ms: order.ms ?? SLOW_MS };
    case 'refuse':
      return { kind: 'status', status: OUT_OF_RESOURCES };
    case 'cut':
      return { kind: 'close-early' };
    case 'lost-answer':
      return { kind: 'lost-answer' };
    default:
      return undefined;
  }
}
