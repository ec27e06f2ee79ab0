/** One bounded repair pass, for exactly two misprints of the agreement's own samples. Everything else is refused. */

export type Repair =
  /** `<error><error/>`, an element that is never closed. */
  | 'error-element'
  /** `pacs_id="" … pacs_id="1"` in one element: the last filled one counts. */
  | 'repeated-attribute';

const NEVER_CLOSED = /<(error)\s*>\s*<\1\s*\/>(?!\s*<\/\1\s*>)/gi;
const START_TAG = /<([^\s<>/!?]+)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))+)\s*(\/?)>/g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*("[^"]*"|'[^']*')/g;

/** Never touches a document with a DOCTYPE: what such a document means is not decided by its text alone. */
export function repairXml(text: string): { readonly text: string; readonly repairs: readonly Repair[] } {
  if (/<!DOCTYPE/i.test(text)) return { text, repairs: [] };
  const repairs = new Set<Repair>();
  const closed = text.replace(NEVER_CLOSED, (_whole, name: string) => {
    repairs.add('error-element');
    return `<${name}/>`;
  });
  const mended = closed.replace(START_TAG, (whole, name: string, attributes: string, slash: string) => {
    const merged = mergeAttributes(attributes);
    if (!merged) return whole;
    repairs.add('repeated-attribute');
    return `<${name}${merged}${slash}>`;
  });
  return { text: mended, repairs: [...repairs] };
}

function mergeAttributes(text: string): string | undefined {
  const values = new Map<string, string>();
  let repeated = false;
  for (const [, name = '', quoted = ''] of text.matchAll(ATTRIBUTE)) {
    const held = values.get(name);
    repeated ||= held !== undefined;
    if (held === undefined || quoted.length > 2) {
      values.delete(name);
      values.set(name, quoted);
    }
  }
  return repeated ? [...values].map(([name, quoted]) => ` ${name}=${quoted}`).join('') : undefined;
}
