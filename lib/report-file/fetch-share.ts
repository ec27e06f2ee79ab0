/** A report from a share: only below the one share that is configured, wherever it is mounted. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { withoutTrailing } from '../trailing';
import { type Content, openContent } from './content';
import { configError, fileError, inputError, systemCode } from './failure';

export interface MountedShare {
  /** As addresses name it, such as `\\fileserver\reports`; may be empty. */
  readonly publishedAs: string;
  /** As this machine sees it; empty when no share is configured. */
  readonly folder: string;
}

/**
 * Opens the file that an address names: `publishedAs` and a path, or the complete path below the mounted folder.
 * Nothing else is opened, since the address comes from outside: a strange UNC path would give our Windows login away.
 *
 * @throws ExchangeError CONFIG without a share; CONTRACT for an address outside it, `..` and links that lead out
 */
export async function openShared(address: string, share: MountedShare, maxBytes: number): Promise<Content> {
  if (!share.folder) {
    throw configError({
      zh: '未设置共享文件夹，不能按共享路径取文件',
      en: 'no share is configured, so a shared path cannot be fetched',
    });
  }
  const below = pathBelow(address, share.publishedAs) ?? pathBelow(address, share.folder);
  const steps = below?.split('/').filter(Boolean) ?? [];
  if (steps.length === 0 || steps.some(step => step === '..' || step === '.' || /[:\p{Cc}]/u.test(step))) {
    throw outside();
  }
  const file = await realPath(path.join(share.folder, ...steps));
  const folder = await realPath(share.folder);
  if (!file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) throw outside();
  return openContent(file, maxBytes);
}

/** What follows a prefix, with `/`; undefined when the address does not begin with it. Letter case as on Windows. */
function pathBelow(address: string, prefix: string): string | undefined {
  if (!prefix) return undefined;
  const [whole, start] = [address, prefix].map(text => withoutTrailing(text.replaceAll('\\', '/'), '/'));
  return whole?.toLowerCase().startsWith(`${start?.toLowerCase()}/`) ? whole.slice(start?.length) : undefined;
}

async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw inputError({ zh: '共享路径上没有该文件', en: 'no such file on the share' }, 'retry');
    }
    throw fileError(error, { zh: '共享文件夹', en: 'the share' });
  }
}

const outside = (): Error =>
  inputError({
    zh: '地址不在所设置的共享文件夹之内，已拒绝',
    en: 'the address is not below the configured share: refused',
  });
