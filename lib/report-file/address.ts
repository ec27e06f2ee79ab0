/** Addresses for ReportFilePath (4.2, 5.1.5): http, ftp or a share. */
import { inputError } from './failure';

/** VARCHAR(256) of the field. */
const LONGEST_ADDRESS = 256;

/** A published prefix followed by a name; percent-encoded in a URL, with backslashes below a Windows prefix. */
export function joinAddress(prefix: string, name: string): string {
  if (isUrl(prefix)) {
    return `${prefix.replace(/\/+$/, '')}/${name.split('/').map(encodeURIComponent).join('/')}`;
  }
  if (/^(?:\\\\|[a-z]:)/i.test(prefix))
    return `${prefix.replace(/[\\/]+$/, '')}\\${name.replaceAll('/', '\\')}`;
  return `${prefix.replace(/\/+$/, '')}/${name}`;
}

/** @throws ExchangeError CONTRACT: longer than the field of the agreement */
export function checkLength(address: string): void {
  const length = [...address].length;
  if (length <= LONGEST_ADDRESS) return;
  throw inputError({
    zh: `发布地址有 ${length} 个字符，超过 ReportFilePath 的 ${LONGEST_ADDRESS} 个；文件未保存，请缩短模板或地址前缀`,
    en: `the address has ${length} characters, more than the ${LONGEST_ADDRESS} of ReportFilePath; nothing was stored, shorten the template or the prefix`,
  });
}

export const isUrl = (address: string): boolean => /^[a-z][a-z\d+.-]+:\/\//i.test(address);

/** A URL without user and password, and whether there was one. */
export function withoutLogin(address: string): { address: string; hadLogin: boolean } {
  const plain = address.replace(/^([a-z][a-z\d+.-]+:\/\/)[^/?#]*@/i, '$1');
  return { address: plain, hadLogin: plain !== address };
}

/** @throws ExchangeError CONTRACT for a damaged percent-encoding */
export function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw inputError({ zh: '地址的编码不正确', en: 'the address is not encoded correctly' });
  }
}
