// The prebuilt flows of flows/: one file a flow, and one with the configuration that they share.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './shared.mjs';

const folder = path.join(root, 'flows');
const CONFIGURATION = '0-configuration.json';

const read = file => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));

/** The config nodes that flows refer to. */
export const configuration = () => read(CONFIGURATION);

/** Every flow, in the order of its number: `{ name, nodes }`. */
export const flowFiles = () =>
  fs
    .readdirSync(folder)
    .filter(file => file.endsWith('.json') && file !== CONFIGURATION)
    .toSorted()
    .map(file => ({ name: path.basename(file, '.json'), nodes: read(file) }));

/** Nodes with the config nodes that they need, and those that these need. */
export function withConfiguration(nodes, configs = configuration()) {
  const needed = new Set();
  const look = node => {
    for (const value of Object.values(node)) {
      const config = configs.find(({ id }) => id === value && id !== node.id);
      if (!config || needed.has(config)) continue;
      needed.add(config);
      look(config);
    }
  };
  nodes.forEach(look);
  return [...configs.filter(config => needed.has(config)), ...nodes];
}

/** All of them as one flow. */
export const wholeFlow = () => withConfiguration(flowFiles().flatMap(({ nodes }) => nodes));
