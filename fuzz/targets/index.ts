import type { Target } from '../target';
import { adminTarget } from './admin';
import { bookingTarget, clientTarget, endpointTarget } from './booking';
import { dataSetTarget, fileTarget, frameTarget, pduTarget } from './dicom';
import { stationTarget } from './station';
import { nameTarget, reportTarget, sheetTarget } from './tables';
import { envelopeTarget, jsonTarget, writtenTarget, xmlTarget } from './text';

export const targets: readonly Target[] = [
  envelopeTarget,
  xmlTarget,
  writtenTarget,
  jsonTarget,
  clientTarget,
  bookingTarget,
  endpointTarget,
  pduTarget,
  dataSetTarget,
  fileTarget,
  frameTarget,
  stationTarget,
  sheetTarget,
  nameTarget,
  reportTarget,
  adminTarget,
];
