export interface PlatformSimulatorProps {
  name: string;
  /** The profile whose hospital is played against: its credentials are what the simulator expects. */
  profile: string;
  /** Path on Node-RED's own HTTP server under which the platform's services stand. */
  path: string;
  /** Address of the hospital's AppointmentDealInterface that the caller calls. */
  bookingUrl: string;
}
