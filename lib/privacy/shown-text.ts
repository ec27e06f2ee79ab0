const LONGEST_SHOWN = 200;
const LONGEST_READ = 4000;
const LONG_NUMBER = /[A-Za-z]?\d{6,}[\dXx]?/g;

/**
 * The text of a fault as people may see it: no stack trace, no value that we sent ourselves (.NET and databases quote
 * what they choke on), no long number, at most 200 characters.
 *
 * @param sent the arguments of the call, XML or plain
 */
export function shownText(reason: string, sent: readonly string[]): string {
  let shown = withoutStack(reason.slice(0, LONGEST_READ));
  for (const value of valuesIn(sent)) if (shown.includes(value)) shown = shown.replaceAll(value, '***');
  shown = shown.replace(LONG_NUMBER, '***').replace(/\s+/g, ' ').trim();
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN - 1)}…` : shown;
}

/** A word of a peer that should be a name of the protocol, such as a charset or a fault code: it may be anything. */
export const shownWord = (word: string): string =>
  word
    .replace(/[^\w.:-]/g, '')
    .replace(LONG_NUMBER, '***')
    .slice(0, 64);

/** Stack lines start with "at" or, on a Chinese Windows, "在". */
function withoutStack(reason: string): string {
  const lines = reason.split(/\r\n?|\n/);
  const stack = lines.findIndex(line => /^\s*(?:at|在)\s/.test(line));
  const text = (stack < 0 ? lines : lines.slice(0, stack)).join(' ');
  return text.replace(/\s(?:at|在) [\w.<>`]+\(.*$/, '');
}

/** Texts of elements and attributes, the longest first; a whole argument that is no XML. */
function valuesIn(sent: readonly string[]): string[] {
  const values = sent.flatMap(text =>
    text.includes('<')
      ? [...text.matchAll(/[>"']([^<>"']{2,})(?=[<"'])/g)].map(([, value]) => value?.trim() ?? '')
      : [text],
  );
  return [...new Set(values)]
    .filter(value => value.length > 1)
    .toSorted((one, other) => other.length - one.length);
}
