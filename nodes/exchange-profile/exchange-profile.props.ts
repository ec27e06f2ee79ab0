import type { ProfileSettings } from '../../lib/profile/profile';

/** One hospital's connection to the exchange. */
export interface ProfileProps extends ProfileSettings {
  name: string;
  /** Id of a core `tls-config` node; empty: the system's certificates. */
  tls: string;
  /** Id of the exchange-store node that durable deliveries go through; empty: there are none. */
  store: string;
}

/** Secrets: kept in Node-RED's encrypted credentials, or given as `${ENV}`. */
export interface ProfileCredentials {
  /** Credential of CallInterface, issued by the platform (3.1.2). */
  appId: string;
  /** Credential that the booking platform must show, issued by the hospital (3.1.1). */
  certificate: string;
  /** Identity of GetLabInfo and GetExamInfo (4.3). */
  strCredential: string;
  /** Symmetric key of GetLabInfo and GetExamInfo (4.3). */
  strKey: string;
  /** Key of the viewer token (5.1.6). */
  viewerKey: string;
  /** HTTP basic authentication towards the platform, where it asks for one. */
  basicUser: string;
  basicPassword: string;
}
