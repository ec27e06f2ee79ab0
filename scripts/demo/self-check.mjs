// The flow's own self-check, and its report, which outlives the demo's directory.
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../shared.mjs';

const folder = path.join(root, '.demo', 'evidence');

/** `findings`: `{ verdict, reasons, evidence }` by section; `report`: path of the HTML file. */
export async function selfCheck(context) {
  const [node] = context.nodesOf('exchange-check');
  const { payload } = await context.through(node, {});
  const findings = new Map(
    payload.interfaces.map(({ section, verdict, reasons, evidence }) => [
      section,
      { verdict, reasons, evidence: [evidence[0], evidence.at(-1)?.slice(-2)].join('…') },
    ]),
  );
  fs.mkdirSync(folder, { recursive: true });
  for (const kind of ['html', 'json'])
    fs.copyFileSync(payload.files[kind], path.join(folder, `latest.${kind}`));
  return { findings, report: path.join(folder, 'latest.html') };
}
