// One check for each interface that is built, by its section. A check gives a short figure, or throws why it failed.
import * as booking from './booking-checks.mjs';
import { labReports } from './report-checks.mjs';
import { viewerPages } from './viewer-checks.mjs';

export const checks = {
  '3.2.1': booking.examItemList,
  '3.2.2': booking.signalSourceList,
  '3.2.3': booking.medicalAppoint,
  '3.2.4': booking.cancelAppoint,
  '3.2.5': booking.receiptPdf,
  '3.2.6': booking.receiptXml,
  '3.2.7': booking.itemInfo,
  4.1: labReports,
  '5.1.6': viewerPages,
};
