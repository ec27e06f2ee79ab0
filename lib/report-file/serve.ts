/** One file as the answer to a GET or HEAD request. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

const TYPES: Readonly<Record<string, string>> = { '.pdf': 'application/pdf', '.jpg': 'image/jpeg' };
/** The file is of one patient: no cache may keep it, and the address must not travel on. */
const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** Inclusive positions. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Streams a file, whole or one range of it. Gives whether the content was sent to its end.
 *
 * @throws errors of the file system before anything was sent
 */
export async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
): Promise<boolean> {
  if ((await lstat(path.dirname(file))).isSymbolicLink()) return refuse(response, 404);
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return refuse(response, 404);
    return await send(request, response, handle, { file, bytes: stats.size });
  } finally {
    await handle.close();
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  handle: FileHandle,
  { file, bytes }: { file: string; bytes: number },
): Promise<boolean> {
  const range = rangeOf(request, bytes);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...ALWAYS, 'content-range': `bytes */${bytes}`, 'content-length': 0 }).end();
    return false;
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  response.writeHead(range ? 206 : 200, {
    ...ALWAYS,
    'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
    'content-disposition': `inline; filename="${path.basename(file)}"`,
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${start}-${end}/${bytes}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return false;
  }
  try {
    await pipeline(handle.createReadStream({ start, end, autoClose: false }), response);
    return true;
  } catch {
    response.destroy(); // the caller went away, or the disk failed half-way: no proper end
    return false;
  }
}

/**
 * One range as in RFC 9110. Several ranges, other units and nonsense are answered with the whole file; so is a range
 * under a condition, which could only name a version, and we name none.
 */
function rangeOf({ headers, method }: IncomingMessage, bytes: number): Range | 'unsatisfiable' | undefined {
  if (method !== 'GET' || headers['if-range'] !== undefined) return undefined;
  const asked = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '');
  const [, first = '', last = ''] = asked ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes - 1 };
  }
  const range = { start: Number(first), end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
  if (last !== '' && Number(last) < range.start) return undefined;
  return range.start >= bytes ? 'unsatisfiable' : range;
}

/** An answer without content, the same for every reason behind one status. */
export function refuse(response: ServerResponse, status: 403 | 404 | 405): false {
  if (response.headersSent) response.destroy();
  else {
    const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
    response.writeHead(status, { ...ALWAYS, ...allow, 'content-length': 0 }).end();
  }
  return false;
}
