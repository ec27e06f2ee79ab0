/** Addresses of the four viewer pages with their token (5.1.6). */
import { createHash } from 'node:crypto';
import { fieldFinder, recordName } from '../contract/field';
import { type ViewerPageName, viewerPages } from '../contract/services';
import { ExchangeError, type Text } from '../errors';

/** Name and raw value of one parameter, in the order of the address. */
export type ViewerParameter = readonly [name: string, value: string];

export interface ViewerRequest {
  readonly page: ViewerPageName;
  /** Address before `/ClinicExam…`: `http://host/IDCAS/Interface`. */
  readonly baseUrl: string;
  /**
   * Values by parameter name in any case, later sources over earlier ones; undefined and null are left out, an empty
   * text is sent empty.
   */
  readonly values: readonly Readonly<Record<string, unknown>>[];
  /** Parameters that the page does not list, after the listed ones. */
  readonly extra?: readonly ViewerParameter[];
  readonly key: string;
  /** UTC seconds since 1970 of the Timestamp; null leaves it out. */
  readonly timestamp: number | null;
}

export interface ViewerAddress {
  /** Holds patient identifiers: show it only through `maskUrl`. */
  readonly url: string;
  readonly token: string;
  readonly warnings: readonly Text[];
}

const TIMESTAMP = 'Timestamp';
const TOKEN = 'token';

/** upper-hex(MD5(UTF-16LE without BOM(values in order + key))): reproduces both tokens that the agreement prints. */
export const viewerToken = (values: readonly string[], key: string): string =>
  createHash('md5')
    .update(Buffer.from(values.join('') + key, 'utf16le'))
    .digest('hex')
    .toUpperCase();

/**
 * Puts the parameters in the order of the page's list, signs their raw values, and percent-encodes afterwards
 * (A-60..A-71).
 * @throws {ExchangeError} CONFIG for an unset key or base address, CONTRACT for a parameter that the page does not know.
 */
export function signViewerAddress(request: ViewerRequest): ViewerAddress {
  const { page, baseUrl, key, timestamp } = request;
  if (key === '') throw config({ zh: '未填写影像浏览密钥', en: 'the viewer key is not set' });
  if (!/^https?:\/\/[^/]/i.test(baseUrl))
    throw config({
      zh: '影像浏览地址应以 http:// 或 https:// 开头',
      en: 'the viewer address must start with http:// or https://',
    });
  const listed = listedParameters(page, request.values);
  const parameters: ViewerParameter[] = [...listed, ...(request.extra ?? [])];
  if (timestamp !== null) parameters.push([TIMESTAMP, String(timestamp)]);
  const token = viewerToken(
    parameters.map(([, value]) => value),
    key,
  );
  const query = [...parameters, [TOKEN, token] as const]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return {
    url: `${baseUrl.replace(/\/+$/, '')}/${page}?${query}`,
    token,
    warnings: partnerWarnings(page, listed),
  };
}

function listedParameters(page: ViewerPageName, sources: ViewerRequest['values']): ViewerParameter[] {
  const table = viewerPages[page];
  const find = fieldFinder(table);
  const given = new Map<string, string>();
  for (const [name, value] of sources.flatMap(values => Object.entries(values))) {
    if (value === undefined || value === null) continue;
    const field = find(name);
    if (!field) throw unknownParameter(page, name);
    if (field.name === TOKEN || field.name === TIMESTAMP) continue;
    given.set(recordName(field), textOf(name, value));
  }
  return table.fields.flatMap(field => {
    const value = given.get(recordName(field));
    return value === undefined ? [] : [[recordName(field), value] as const];
  });
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: { zh: `参数 ${name} 必须是文本`, en: `parameter ${name} must be text` },
  });
}

/** A parameter sent without the one it must be combined with, or none that names a patient or an exam. */
function partnerWarnings(page: ViewerPageName, sent: readonly ViewerParameter[]): Text[] {
  const filled = new Set(sent.filter(([, value]) => value !== '').map(([name]) => name));
  return viewerPages[page].fields.flatMap(field => {
    if (!filled.has(field.name) || !('partners' in field)) return [];
    const missing = field.partners.filter(partner => !filled.has(partner));
    if (missing.length === 0) return [];
    return [
      {
        zh: `参数 ${field.name} 应与 ${missing.join('、')} 一起传`,
        en: `parameter ${field.name} should be sent together with ${missing.join(', ')}`,
      },
    ];
  });
}

const config = (text: Text): ExchangeError => new ExchangeError({ code: 'CONFIG', retry: 'never', text });

const unknownParameter = (page: string, name: string): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: { zh: `页面 ${page} 没有参数 ${name}`, en: `page ${page} has no parameter ${name}` },
  });
