/** A database of the hospital. Every value but a checkbox is text, so that `${ENV}` works. */
export interface HospitalDatabaseProps {
  name: string;
  kind: 'sqlserver' | 'sqlite';
  /** SQLite: a relative path is one in Node-RED's user directory. */
  file: string;
  /** SQLite: the file is filled with a made-up hospital, and its procedures are there. */
  testData: boolean;
  host: string;
  /** Empty: 1433, or the one of the instance. */
  port: string;
  /** Named instance; asked for its port by UDP 1434 unless a port is given. */
  instance: string;
  database: string;
  /** Windows domain of the user (NTLM); empty: a login of SQL Server. */
  domain: string;
  tls: 'off' | 'verify' | 'trust' | 'legacy';
  caFile: string;
  /** Seconds. */
  connectTimeout: string;
  /** Seconds that a statement may take. */
  timeout: string;
  /** Connections at the same time. */
  connections: string;
  /** Rows of one result at most. */
  mostRows: string;
  /** As the administrator of the server sees it. */
  applicationName: string;
  /** A copy of an availability group that is for reading will do. */
  readOnly: boolean;
}

export interface HospitalDatabaseCredentials {
  user: string;
  password: string;
}
