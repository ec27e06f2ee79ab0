/** The node's settings → what publishes or fetches. */
import path from 'node:path';
import { ExchangeError, type Text } from '../../lib/errors';
import type { SoapTlsOptions } from '../../lib/soap/tls';
import { withoutLogin } from '../../lib/report-file/address';
import type { Limits } from '../../lib/report-file/deadline';
import type { Destination } from '../../lib/report-file/destination';
import { Fetcher } from '../../lib/report-file/fetch';
import { FtpFolder } from '../../lib/report-file/ftp-folder';
import { HttpShelf } from '../../lib/report-file/http-shelf';
import { Publisher } from '../../lib/report-file/publish';
import { Share } from '../../lib/report-file/share';
import { wholeNumber } from '../shared/property';
import type { ReportFileCredentials, ReportFileProps } from './report-file.props';

/** What the settings mean on this machine. */
export interface Surroundings {
  readonly credentials: Partial<ReportFileCredentials>;
  /** Node-RED's user directory. */
  readonly userDir: string;
  /** Path below which Node-RED's HTTP nodes are. */
  readonly httpNodeRoot: string;
  readonly tls?: SoapTlsOptions;
  readonly onServed: () => void;
}

const MIB = 1024 * 1024;
/** A shorter key can be tried out. */
const LEAST_KEY_LENGTH = 16;

export interface Publishing {
  readonly publisher: Publisher;
  readonly destination: Destination;
  /** Set when the files are served by this Node-RED. */
  readonly shelf?: HttpShelf;
}

/** @throws ExchangeError CONFIG for a setting that is missing or wrong */
export function makePublisher(props: ReportFileProps, around: Surroundings): Publishing {
  const shelf = props.target === 'http' ? shelfOf(props, around) : undefined;
  const destination = shelf ?? (props.target === 'ftp' ? ftpFolderOf(props, around) : shareOf(props, around));
  const publisher = new Publisher({
    destination,
    template: props.template,
    onConflict: props.conflict,
    limits: limitsOf(props),
  });
  return { publisher, destination, ...(shelf && { shelf }) };
}

/** @throws ExchangeError CONFIG for a setting that is missing or wrong */
export function makeFetcher(props: ReportFileProps, { credentials, userDir, tls }: Surroundings): Fetcher {
  const { ftpUser, ftpPassword } = credentials;
  return new Fetcher({
    folder: localFolder(props, userDir),
    template: props.template,
    onConflict: props.conflict,
    limits: limitsOf(props),
    share: { publishedAs: props.baseUrl.trim(), folder: props.mountedAt.trim() },
    allowedNetworks: props.allowedNetworks ?? '',
    ftpLogins: ftpUser ? { [props.ftpHost.trim()]: { user: ftpUser, password: ftpPassword ?? '' } } : {},
    ...(tls && { tls }),
  });
}

/** What to tell an administrator about settings that work, but should not be so. */
export function settingWarnings(props: ReportFileProps): Text[] {
  return withoutLogin(props.baseUrl).hadLogin
    ? [
        {
          zh: '发布地址前缀中含有用户名和密码，已去掉：地址会随报告保存和传播',
          en: 'the address prefix holds user and password, which are left out: the address is stored and spread',
        },
      ]
    : [];
}

/** The folder of this machine that files go to; undefined when they go to an FTP server, or none is set. */
export const workFolderOf = (props: ReportFileProps, userDir: string): string | undefined =>
  (props.mode === 'publish' && props.target === 'ftp') || !props.directory.trim()
    ? undefined
    : localFolder(props, userDir);

function shelfOf(props: ReportFileProps, around: Surroundings): HttpShelf {
  const origin = prefixOf(props);
  if (!/^https?:\/\//i.test(origin)) {
    throw missing(
      '发布地址前缀（如 http://10.0.0.5:1880）',
      'the address prefix (such as http://10.0.0.5:1880)',
    );
  }
  const { signKey = '' } = around.credentials;
  if (props.signed && signKey.length < LEAST_KEY_LENGTH) {
    throw missing('签名密钥（至少 16 个字符）', 'the signing key (16 characters or more)');
  }
  const below = `/${around.httpNodeRoot}/${props.urlPath}`.replace(/\/+/g, '/');
  return new HttpShelf({
    folder: localFolder(props, around.userDir),
    publishedAs: origin.replace(/\/+$/, '') + below.replace(/\/$/, ''),
    expiryDays: wholeNumber(props.expiryDays, 30, 0),
    ...(props.signed && { signKey }),
    allowedNetworks: props.allowedNetworks,
    trustProxy: props.trustProxy,
    onServed: around.onServed,
  });
}

function ftpFolderOf(props: ReportFileProps, { credentials, tls }: Surroundings): FtpFolder {
  const host = props.ftpHost.trim();
  if (!host) throw missing('FTP 服务器', 'the FTP server');
  return new FtpFolder({
    server: {
      host,
      port: wholeNumber(props.ftpPort, 21),
      secure: props.ftpSecure,
      user: credentials.ftpUser ?? '',
      password: credentials.ftpPassword ?? '',
      ...(tls && { tls }),
    },
    folder: props.directory.trim().replace(/^\.$/, ''),
    publishedAs: prefixOf(props),
  });
}

function shareOf(props: ReportFileProps, { userDir }: Surroundings): Share {
  const folder = localFolder(props, userDir);
  return new Share({ folder, publishedAs: prefixOf(props) || folder });
}

function localFolder({ directory }: ReportFileProps, userDir: string): string {
  if (!directory.trim()) throw missing('文件夹', 'the folder');
  return path.resolve(userDir, directory.trim());
}

const prefixOf = ({ baseUrl }: ReportFileProps): string => withoutLogin(baseUrl.trim()).address;

const limitsOf = ({ maxMiB, timeout }: ReportFileProps): Limits => ({
  maxBytes: wholeNumber(maxMiB, 50) * MIB,
  timeoutMs: wholeNumber(timeout, 60) * 1000,
});

const missing = (zh: string, en: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: `节点未设置${zh}`, en: `the node lacks ${en}` },
  });
