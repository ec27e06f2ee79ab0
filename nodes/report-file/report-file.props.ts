export interface ReportFileProps {
  name: string;
  /** Publish a file and give its address, or fetch the file of an address. */
  mode: 'publish' | 'fetch';
  /** Where published files go. */
  target: 'http' | 'ftp' | 'share';
  /** Where the file (Buffer or path) or the address stands in the message. */
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** Name of the file, such as `{yyyy}/{MM}/{report_form_no}.{ext}`. */
  template: string;
  /** Folder of the files; on an FTP server the folder there. Relative: below Node-RED's user directory. */
  directory: string;
  /** What to do when a name is taken by other content. */
  conflict: 'replace' | 'error';
  /** Path on Node-RED's own HTTP server. */
  urlPath: string;
  /** Published address prefix: of this Node-RED, of the FTP folder, or of the share. */
  baseUrl: string;
  /** Fetching: the folder at which the share `baseUrl` is mounted here. */
  mountedAt: string;
  /** Sign HTTP addresses, each with its own expiry. */
  signed: boolean;
  /** Days for which an HTTP address is good; 0 for ever. */
  expiryDays: string;
  /** Networks that may fetch over HTTP; fetching: of hosts that addresses may lead to. A list of CIDR, empty for any. */
  allowedNetworks: string;
  /** Believe the X-Forwarded-For of a proxy. */
  trustProxy: boolean;
  ftpHost: string;
  ftpPort: string;
  /** Explicit TLS (FTPS). */
  ftpSecure: boolean;
  /** A `tls-config` node for FTPS and for fetching over https. */
  tls: string;
  /** Largest file. */
  maxMiB: string;
  /** Seconds for one file. */
  timeout: string;
}

export interface ReportFileCredentials {
  ftpUser: string;
  ftpPassword: string;
  /** Key of signed addresses, 16 characters or more. */
  signKey: string;
}
