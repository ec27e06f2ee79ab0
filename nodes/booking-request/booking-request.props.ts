export interface BookingRequestProps {
  name: string;
  profile: string;
  /** Path on Node-RED's own HTTP server, under `httpNodeRoot`. */
  path: string;
  /** Address that the WSDL publishes; empty: the one the caller used. */
  baseUrl: string;
  /** Seconds the flow has to answer one call. */
  timeout: string;
  /** Calls that may wait for an answer at the same time. */
  maxPending: string;
  /** Minutes for which a repeated MedicalAppoint or CancelAppoint is answered from memory (A-29i). */
  repeatMinutes: string;
  /** Networks that may call, as a list of CIDR; empty for any. */
  allowedNetworks: string;
  /** Believe the X-Forwarded-For of a proxy. */
  trustProxy: boolean;
}
