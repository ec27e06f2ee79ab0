/** The JSON answer of CallInterface, in all the forms that it is printed in. */

/**
 * Reads a JSON object, its top-level names in lower case; null when the text is none. On failure it is read once more with the
 * typographic quotes, full-width colons and commas of the agreement's print replaced outside of strings, and a
 * trailing comma dropped. A JSON text that is itself a JSON string is unwrapped.
 */
export function parseAnswerJson(text: string): Readonly<Record<string, unknown>> | null {
  const plain = text.replace(/^[\uFEFF\s]+/, '');
  const value = parse(plain) ?? parse(straighten(plain));
  const object = typeof value === 'string' ? parse(value) : value;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return null;
  const answer = Object.create(null) as Record<string, unknown>;
  for (const [name, held] of Object.entries(object)) answer[name.toLowerCase()] = held;
  return answer;
}

function parse(text: string): unknown {
  try {
    // A number of more than 15 digits would lose its last ones: ids stay text.
    return JSON.parse(
      text.replace(STRING_OR_LONG_NUMBER, part => (part.startsWith('"') ? part : `"${part}"`)),
    );
  } catch {
    return undefined;
  }
}

const STRING_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

const PUNCTUATION: Readonly<Record<string, string>> = {
  '：': ':',
  '，': ',',
  '｛': '{',
  '｝': '}',
  '［': '[',
  '］': ']',
};

/** Replaces typographic punctuation outside of strings; inside of strings every character stays. */
function straighten(text: string): string {
  let straight = '';
  let closing = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (closing) {
      if (char === '\\') straight += char + (text[++at] ?? '');
      else if (closing.includes(char)) {
        straight += '"';
        closing = '';
      } else straight += char === '"' ? '\\"' : char;
    } else if (char === '"') {
      straight += '"';
      closing = '"';
    } else if ('“”'.includes(char)) {
      straight += '"';
      closing = '“”';
    } else straight += PUNCTUATION[char] ?? char;
  }
  return straight.replace(/,(\s*[}\]])/g, '$1');
}
