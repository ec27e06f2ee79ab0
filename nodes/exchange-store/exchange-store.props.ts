/** Where messages are kept, how long, and how often a delivery is tried. Every value is text, so that `${ENV}` works. */
export interface StoreProps {
  name: string;
  kind: 'embedded' | 'postgresql' | 'sqlserver';
  /** Embedded: the file; a relative path is one in Node-RED's user directory. */
  file: string;
  /** Embedded: largest size of the file in MiB; empty: as large as the disk allows. */
  maxMiB: string;
  /** Shared: the database server. */
  host: string;
  port: string;
  database: string;
  /** Shared: the schema that the tables lie in. */
  schema: string;
  tls: 'off' | 'verify' | 'trust' | 'legacy';
  /** Shared: file with the certificates that `verify` trusts; empty: the system's. */
  caFile: string;

  /** Seconds before the second attempt; doubled for each further one. */
  firstDelay: string;
  /** Longest pause between two attempts, in seconds. */
  maxDelay: string;
  /** Attempts that reached the peer; after that many a message is given up. */
  maxTries: string;
  /** Hours after which a message that still fails is given up. */
  maxAge: string;
  /** Seconds until an outcome that no node has taken over is sent on again. */
  repeatAfter: string;

  /** Days that contents and answers of delivered messages are kept. */
  keepContents: string;
  /** Days that delivered messages are kept. */
  keepMessages: string;
  /** Days that the audit trail is kept; at least 180. */
  keepAudit: string;
}

export interface StoreCredentials {
  /** Key that contents are encrypted with. Embedded: empty for one in a file beside the store. */
  key: string;
  /** The key before the last change. */
  previousKey: string;
  /** Shared: login of the database. */
  user: string;
  password: string;
}
