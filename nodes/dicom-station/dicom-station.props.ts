/** Our own application entity. Every value is text, so that `${ENV}` works. */
export interface StationProps {
  name: string;
  aeTitle: string;
  /** Address to listen at; empty: all. */
  host: string;
  port: string;
  /** Folder of received objects; a relative path is one in Node-RED's user directory. */
  folder: string;
  /** AE titles that may call, by comma; empty: any. */
  allowedAeTitles: string;
  /** Networks that may call, as `10.0.0.0/8, 127.0.0.1`; empty: any. */
  allowedNetworks: string;
  /** Callers must use our AE title as called AE title. */
  checkCalledAeTitle: boolean;
  /** Id of a core `tls-config` node; empty: no TLS. */
  tls: string;
  /** Associations at the same time. */
  associations: string;
  /** Seconds that a caller may be silent within an association. */
  timeout: string;
  /** Largest object in MiB. */
  maxMiB: string;
  /** Days that studies are kept after the flow knows of them; 0: for ever. */
  keepDays: string;
}
