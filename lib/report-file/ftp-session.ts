/** One connection to an FTP server, plain or with explicit TLS. */
import { Client, FTPError } from 'basic-ftp';
import { ExchangeError, type RetryClass, type Text } from '../errors';
import { type SoapTlsOptions, secureContext } from '../soap/tls';
import { transportError } from '../soap/transport-errors';
import { configError, systemCode } from './failure';

export interface FtpServer {
  readonly host: string;
  readonly port: number;
  /** Explicit TLS (AUTH TLS) for commands and data. */
  readonly secure: boolean;
  /** Empty for anonymous. */
  readonly user: string;
  readonly password: string;
  readonly tls?: SoapTlsOptions;
}

/** Without a word from the server for so long, a command or a transfer has failed. */
const IDLE_MS = 30_000;

/**
 * Runs work on a connection of its own.
 *
 * @throws ExchangeError CONFIG (login or path refused), TLS, TRANSPORT_NOT_SENT, TRANSPORT_UNKNOWN; the work's own
 */
export async function withFtp<T>(
  server: FtpServer,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(IDLE_MS, { allowSeparateTransferHost: false });
  const stop = (): void => client.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.access({
      host: server.host,
      port: server.port,
      user: server.user || 'anonymous',
      password: server.user ? server.password : server.password || 'anonymous@',
      secure: server.secure,
      ...(server.secure && { secureOptions: tlsOptions(server.tls ?? {}) }),
    });
    return await work(client);
  } catch (error) {
    throw signal.aborted ? signal.reason : ftpError(error, `${server.host}:${server.port}`);
  } finally {
    signal.removeEventListener('abort', stop);
    client.close();
  }
}

/** What a path must not hold: it would end the command and begin another. */
export function checkFtpPath(path: string): void {
  if (!/\p{Cc}/u.test(path)) return;
  throw configError({ zh: 'FTP 路径含有控制字符', en: 'the FTP path holds control characters' });
}

function tlsOptions({ rejectUnauthorized, servername, ...rest }: SoapTlsOptions): Record<string, unknown> {
  return {
    secureContext: secureContext(rest),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  };
}

/** Nothing of the server's own text: it repeats paths and user names. */
function ftpError(error: unknown, host: string): unknown {
  if (error instanceof ExchangeError) return error;
  if (error instanceof FTPError) return replyError(error.code, host);
  const code = systemCode(error);
  if (CONNECTING.has(code) || /CERT|TLS|SSL|SIGNATURE|SELF_SIGNED/.test(code)) {
    return transportError(error, host, false);
  }
  return new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'retry',
    text: {
      zh: `与 FTP 服务器 ${host} 的连接中断或无应答，请检查网络、被动模式端口和服务器`,
      en: `the connection to the FTP server ${host} broke or fell silent, check network, passive ports and server`,
    },
    details: { cause: code },
  });
}

const CONNECTING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

function replyError(reply: number, host: string): ExchangeError {
  const { text, retry } = REPLIES[reply] ?? (reply < 500 ? TEMPORARY : REFUSED);
  return new ExchangeError({
    code: retry === 'retry' ? 'TRANSPORT_NOT_SENT' : 'CONFIG',
    retry,
    text: {
      zh: `FTP 服务器 ${host}：${text.zh}（${reply}）`,
      en: `FTP server ${host}: ${text.en} (${reply})`,
    },
    details: { reply },
  });
}

interface Reply {
  readonly text: Text;
  readonly retry: RetryClass;
}

const TEMPORARY: Reply = {
  text: { zh: '暂时无法完成，请稍后重试', en: 'cannot do it now, try again later' },
  retry: 'retry',
};
const REFUSED: Reply = {
  text: { zh: '拒绝了操作，请检查服务器设置', en: 'refused the operation, check the settings of the server' },
  retry: 'never',
};
const FULL: Reply = { text: { zh: '空间不足', en: 'no space left' }, retry: 'retry' };
const UNKNOWN_COMMAND: Reply = {
  text: {
    zh: '不支持所需的命令（TLS、SIZE 或改名）；不支持 TLS 时请改为普通 FTP',
    en: 'lacks a command that is needed (TLS, SIZE or rename); where it is TLS, set plain FTP',
  },
  retry: 'never',
};
const REPLIES: Readonly<Record<number, Reply>> = {
  452: FULL,
  552: FULL,
  500: UNKNOWN_COMMAND,
  502: UNKNOWN_COMMAND,
  504: UNKNOWN_COMMAND,
  522: {
    text: { zh: '要求数据连接复用 TLS 会话', en: 'requires the data connection to reuse the TLS session' },
    retry: 'never',
  },
  530: {
    text: {
      zh: '登录被拒绝，请检查用户名和密码，或是否要求 TLS',
      en: 'login refused, check user, password and whether TLS is required',
    },
    retry: 'auth',
  },
  550: {
    text: { zh: '路径不存在或没有权限', en: 'the path does not exist, or there is no permission' },
    retry: 'never',
  },
  553: {
    text: {
      zh: '不允许使用该文件名或没有写入权限',
      en: 'the file name is not allowed, or there is no permission to write',
    },
    retry: 'never',
  },
};
