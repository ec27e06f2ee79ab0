import { DataSetPieces } from '../../lib/dicom/incoming';

/** A data set as an association hands it over when all of it has come. */
export function received(...pieces: readonly Buffer[]): DataSetPieces {
  const dataSet = new DataSetPieces(() => undefined);
  for (const piece of pieces) dataSet.push(piece);
  dataSet.end();
  return dataSet;
}
