/** What can go wrong with a report file. No path and no address stands in an error: both may name a patient. */
import { ExchangeError, type RetryClass, type Text } from '../errors';

/** The input cannot be used as it is. `retry` where time may heal it: a file that is still being written. */
export const inputError = (text: Text, retry: RetryClass = 'never'): ExchangeError =>
  new ExchangeError({ code: 'CONTRACT', retry, text });

/** The node is not set up for this. */
export const configError = (text: Text): ExchangeError =>
  new ExchangeError({ code: 'CONFIG', retry: 'never', text });

export const tooLarge = (maxBytes: number): ExchangeError => {
  const limit = `${Math.floor(maxBytes / 1024 / 1024)} MiB`;
  return new ExchangeError({
    code: 'TOO_LARGE',
    retry: 'never',
    text: { zh: `文件超过上限 ${limit}`, en: `the file exceeds the limit of ${limit}` },
  });
};

/** The name is taken by other content, and the node is set to refuse that. */
export const conflictError = (): ExchangeError =>
  new ExchangeError({
    code: 'BUSINESS',
    retry: 'never',
    text: {
      zh: '同名文件已存在且内容不同；按设置不替换，请使用新的文件名，或改为「替换」',
      en: 'a file of this name exists with other content; it is not replaced by configuration: use a new name, or set “replace”',
    },
  });

export const changedWhileRead = (): ExchangeError =>
  inputError(
    { zh: '文件在读取过程中被修改，请稍后重试', en: 'the file changed while it was read, try again later' },
    'retry',
  );

export const abortedError = (): ExchangeError =>
  new ExchangeError({
    code: 'ABORTED',
    retry: 'retry',
    text: { zh: '操作已被本机中止', en: 'the work was ended from our side' },
  });

export const deadlineError = (timeoutMs: number): ExchangeError =>
  new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'retry',
    text: {
      zh: `${timeoutMs / 1000} 秒内未能完成，请检查网络和对方服务，或增大时限`,
      en: `not finished within ${timeoutMs / 1000} s, check the network and the peer, or raise the limit`,
    },
  });

/** An error of the file system, told without the path. What an administrator must mend is never tried again. */
export function fileError(error: unknown, place: Text): Error {
  if (error instanceof ExchangeError) return error;
  const code = systemCode(error);
  const known = FILE_FAULTS[code];
  if (known) {
    return configError({
      zh: `${place.zh}：${known.zh}（${code}）`,
      en: `${place.en}: ${known.en} (${code})`,
    });
  }
  return new ExchangeError({
    code: 'TRANSPORT_NOT_SENT',
    retry: 'retry',
    text: {
      zh: `${place.zh}读写失败（${code}），请检查磁盘空间和共享连接`,
      en: `${place.en}: reading or writing failed (${code}), check disk space and the connection to the share`,
    },
    details: { cause: code },
  });
}

const MISSING: Text = { zh: '不存在', en: 'does not exist' };
const FORBIDDEN: Text = { zh: '没有权限', en: 'no permission' };
const FILE_FAULTS: Readonly<Record<string, Text>> = {
  ENOENT: MISSING,
  ENOTDIR: { zh: '路径中有一级不是文件夹', en: 'a part of the path is no folder' },
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: { zh: '文件系统只读', en: 'the file system is read-only' },
  ENAMETOOLONG: { zh: '路径过长', en: 'the path is too long' },
};

export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
