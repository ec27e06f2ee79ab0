/** What is checked, and where the report goes. Every value is text, so that `${ENV}` works. */
export interface CheckProps {
  name: string;
  profile: string;
  /** Address of the hospital's own AppointmentDealInterface; empty: not checked. */
  bookingUrl: string;
  /** Card number of the hospital's test patient; empty: none. */
  patientNo: string;
  patientType: string;
  /** dicom-peer of the platform's image archive; empty: not checked. */
  archive: string;
  /** dicom-peer of the hospital's own PACS; empty: not checked. */
  pacs: string;
  /** Id of a report-file node that publishes; empty: the first one in the flows. */
  reportFile: string;
  /** `never`, `simulator` or `test-data`. */
  writes: string;
  /** Days before now that the figures are of. */
  periodDays: string;
  /** Where reports are written; a relative path is one in Node-RED's user directory. */
  folder: string;
}
