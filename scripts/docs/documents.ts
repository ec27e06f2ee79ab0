/** The documents that are made from the code, by their paths. */
import { dicomDocument } from './dicom';
import { interfacesDocument } from './interfaces';

export const documents = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/interfaces.md', interfacesDocument()],
    ['docs/dicom-conformance.md', dicomDocument()],
  ]);
