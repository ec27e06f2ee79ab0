import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** Why a compressed body could not be unpacked. */
export type InflateFailure = 'unknown-encoding' | 'corrupt' | 'too-large';

const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflateZlib = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflate);
const inflateRaw = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

/**
 * Unpacks a body by its Content-Encoding. Never throws and never holds more than `maxBytes` of output, whatever the
 * bytes are.
 *
 * @param encoding the header as received; absent and `identity` give the body back as it is
 */
export async function inflate(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer | InflateFailure> {
  const unpack = unpackerFor((encoding ?? '').trim().toLowerCase(), body);
  if (unpack === undefined) return 'unknown-encoding';
  if (unpack === 'as-is') return body.length > maxBytes ? 'too-large' : body;
  try {
    return await unpack(body, { maxOutputLength: maxBytes });
  } catch (error) {
    return isTooLarge(error) ? 'too-large' : 'corrupt';
  }
}

function unpackerFor(encoding: string, body: Buffer): typeof gunzip | 'as-is' | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return 'as-is';
    case 'gzip':
    case 'x-gzip':
      return gunzip;
    case 'deflate':
      return hasZlibHeader(body) ? inflateZlib : inflateRaw;
    default:
      return undefined;
  }
}

/** `deflate` means zlib (RFC 9110), but some servers send the bare stream. */
const hasZlibHeader = (body: Buffer): boolean =>
  body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
