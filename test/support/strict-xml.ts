/** XML as .NET's readers take it: strict, with namespaces. Kept apart from lib/wire on purpose. */
import { SaxesParser } from 'saxes';

export interface StrictNode {
  readonly namespace: string;
  readonly name: string;
  /** By name as written, values normalised as XML demands: a raw line break is a blank. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly StrictNode[];
  /** Text and CDATA directly inside. */
  readonly text: string;
}

type Open = { -readonly [K in keyof StrictNode]: StrictNode[K] } & { children: StrictNode[] };

/** @throws {Error} for anything that is not well-formed, and for a DOCTYPE. */
export function readStrictly(xml: string): StrictNode {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const top: Open = { namespace: '', name: '', attributes: {}, children: [], text: '' };
  const stack = [top];
  const addText = (text: string): void => {
    const open = stack.at(-1);
    if (open) open.text += text;
  };
  parser.on('error', error => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('DTD is prohibited');
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    const values = Object.entries(attributes).map(([name, { value }]) => [name, value] as const);
    stack.push({
      namespace: uri,
      name: local,
      attributes: Object.fromEntries(values),
      children: [],
      text: '',
    });
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const done = stack.pop();
    if (done) stack.at(-1)?.children.push(done);
  });
  parser.write(xml.replace(/^\uFEFF/, '')).close();
  const [root] = top.children;
  if (!root) throw new Error('no root element');
  return root;
}
