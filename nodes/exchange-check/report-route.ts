/** The admin route of the node: the report that was written last. */
import fs from 'node:fs/promises';
import type { Node, NodeAPI } from 'node-red';
import type { EvidenceFiles } from '../../lib/evidence/write-evidence';

export interface CheckNode extends Node {
  /** The report that was written last. */
  latest?: EvidenceFiles;
}

export function mountReport(RED: NodeAPI): void {
  const find = (id: unknown): CheckNode | null => {
    const node = typeof id === 'string' ? RED.nodes.getNode(id) : null;
    return node?.type === 'exchange-check' ? node : null;
  };

  RED.httpAdmin.get(
    '/exchange-check/:id/report',
    RED.auth.needsPermission('exchange-check.read'),
    ({ params }, response) => {
      const latest = find(params['id'])?.latest;
      const page = latest ? fs.readFile(latest.html, 'utf8') : Promise.reject(new Error('none'));
      page.then(
        text => response.type('html').set('Cache-Control', 'no-store').send(text),
        () => response.sendStatus(404),
      );
    },
  );
}
