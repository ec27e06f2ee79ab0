/** A PACS, archive or other application entity that we call. Every value is text, so that `${ENV}` works. */
export interface PeerProps {
  name: string;
  /** AE title of the peer, 1 to 16 characters. */
  aeTitle: string;
  host: string;
  port: string;
  /** AE title that we call ourselves towards it. */
  callingAeTitle: string;
  /** Id of a core `tls-config` node; empty: no TLS. */
  tls: string;
  /** Associations at the same time. */
  associations: string;
  /** Largest P-DATA PDU that we accept, in bytes; 0: unlimited is offered. */
  maxPdu: string;
  /** Seconds. */
  connectTimeout: string;
  /** Seconds that the peer may be silent within an association. */
  timeout: string;
  /** Character set of keys and answers where the peer declares none: `GB18030`, `ISO_IR 192` or `ISO_IR 100`. */
  characterSet: string;
}
