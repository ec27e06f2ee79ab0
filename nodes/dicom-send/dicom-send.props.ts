import type { DeliveryProps } from '../shared/delivery.props';

export interface SendProps extends DeliveryProps {
  name: string;
  /** Id of an exchange-store node. */
  store: string;
  /** `storage`: C-STORE to the peer; `share`: files into a directory or share. */
  target: 'storage' | 'share';
  /** Id of a dicom-peer node. */
  peer: string;
  /** Where the study stands in the message: paths, a folder, buffers, or a study message. */
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** (0008,0060) becomes EFILM (5.1.4, A-51). */
  efilm: boolean;
  /** With efilm: new series and instance UIDs, derived from the old ones. */
  efilmNewUids: boolean;
  /** Ask the peer to commit itself to keeping the objects (Storage Commitment). */
  commitment: boolean;
  /** With share: directory, and path template below it. */
  directory: string;
  template: string;
  /** {org} of the template. */
  organization: string;
  /** Messages about progress leave by the third output. */
  progress: boolean;
}
