export interface PlatformSimulatorProps {
  name: string;
  /** The profile whose hospital is played against: its credentials are what the simulator expects. */
  profile: string;
  /** Path on Node-RED's own HTTP server under which the platform's services stand. */
  path: string;
  /** Address of the hospital's AppointmentDealInterface that the caller calls. */
  bookingUrl: string;
  /** AE title of the platform's image archive; empty: there is none. */
  imageAeTitle: string;
  /** Its port, on this machine only. */
  imagePort: string;
  /** What goes wrong from the start: empty, `soap:<fault>`, `dicom:<fault>`, or `scenario:<name>`. */
  preset: string;
}
