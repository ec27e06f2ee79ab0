// One check for each interface that is built, by its section. A check gives a short figure, or throws why it failed.
import * as booking from './booking-checks.mjs';
import { electronicFilms, images } from './image-checks.mjs';
import { examReportQuery, labReportQuery } from './query-checks.mjs';
import { examReports, labReports } from './report-checks.mjs';
import { reportFiles } from './report-file-checks.mjs';
import { bookingChanges, orderNotifications } from './sync-checks.mjs';
import { viewerPages } from './viewer-checks.mjs';

export const checks = {
  '3.2.1': booking.examItemList,
  '3.2.2': booking.signalSourceList,
  '3.2.3': booking.medicalAppoint,
  '3.2.4': booking.cancelAppoint,
  '3.2.5': booking.receiptPdf,
  '3.2.6': booking.receiptXml,
  '3.2.7': booking.itemInfo,
  '3.3.1': orderNotifications,
  '3.3.2': bookingChanges,
  4.1: labReports,
  4.2: examReports,
  4.3: labReportQuery,
  4.4: examReportQuery,
  '5.1.3': images,
  '5.1.4': electronicFilms,
  '5.1.5': reportFiles,
  '5.1.6': viewerPages,
};
