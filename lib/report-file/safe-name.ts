/** Names of files and folders that mean the same on Windows, on a share, on FTP and on Linux. */
import { createHash } from 'node:crypto';

/** Separators, Windows' forbidden characters, short names (`~1`), control and invisible characters. */
const FORBIDDEN = /[<>:"/\\|?*~\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Devices of Windows, whatever extension follows. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])(?=[ .]|$)/i;
const LONGEST_PART = 64;
/** Of a part that is too long; the rest is its digest. */
const KEPT = 48;
/** What file systems allow. */
const LONGEST_SEGMENT_BYTES = 255;

/**
 * One value as a part of a name. A value that had to be changed gets eight digits of its digest, so that two values
 * never become one name; any other stays as it is.
 */
export function safePart(value: string): string {
  // Compatible forms first: a full-width slash becomes a slash on the way to some servers.
  const clean = withoutBlankEnds(value.normalize('NFKC').replace(FORBIDDEN, '_'));
  if (clean === value && !DEVICE.test(clean) && [...clean].length <= LONGEST_PART) return clean;
  const digest = createHash('sha256').update(value).digest('hex').slice(0, 8);
  const start = DEVICE.test(clean) || clean === '' ? '_' : '';
  return `${start}${[...clean].slice(0, KEPT).join('')}-${digest}`;
}

/** Without blanks and full stops at both ends. */
function withoutBlankEnds(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && /[\s.]/.test(text.charAt(start))) start++;
  while (end > start && /[\s.]/.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** A whole name of a file or folder that is safe everywhere. */
export const isSafeSegment = (segment: string): boolean =>
  segment !== '' &&
  segment.search(FORBIDDEN) < 0 &&
  !/^[\s.]|[\s.]$/.test(segment) &&
  !DEVICE.test(segment) &&
  Buffer.byteLength(segment) <= LONGEST_SEGMENT_BYTES;
