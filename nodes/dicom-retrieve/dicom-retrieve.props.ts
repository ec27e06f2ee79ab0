import type { DeliveryProps } from '../shared/delivery.props';

export interface RetrieveProps extends DeliveryProps {
  name: string;
  store: string;
  /** Id of the dicom-peer node that is asked. */
  peer: string;
  /** `get`: C-GET on the same association; `move`: C-MOVE to a dicom-station; `find`: C-FIND alone. */
  method: 'get' | 'move' | 'find';
  /** Id of a dicom-station node, for C-MOVE. */
  station: string;
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** With `find`: level of the query. */
  level: 'STUDY' | 'SERIES' | 'IMAGE' | 'PATIENT';
  /** Folder of retrieved objects, for C-GET; a relative path is one in Node-RED's user directory. */
  folder: string;
  /** Days that retrieved studies are kept on disk; 0: for ever. */
  keepDays: string;
  /** Seconds for one study. */
  timeout: string;
}
