// npm run bundle — one .tgz with everything in it, for hospitals without a network: by the palette manager's upload or
// `npm install file.tgz`, on Linux and Windows, Node 20.19 or newer. Made from node_modules alone.
// Option: --out <folder>, the checkout unless it is given. Prints the file and its size; --json as JSON.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stage } from './bundle/stage.mjs';
import { ensureBuilt, ensureInstalled, npm, root } from './shared.mjs';

const { values: options } = parseArgs({
  options: { out: { type: 'string', default: root }, json: { type: 'boolean', default: false } },
});
ensureInstalled();
ensureBuilt();

const mb = bytes => (bytes / 1e6).toFixed(1);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-bundle-'));
try {
  await stage(folder);
  const [packed] = JSON.parse(npm(['pack', '--json', '--ignore-scripts'], { cwd: folder }));
  const file = path.resolve(options.out, packed.filename.replace(/\.tgz$/, '-offline.tgz'));
  fs.copyFileSync(path.join(folder, packed.filename), file);
  const facts = { file, bytes: packed.size, unpackedBytes: packed.unpackedSize, files: packed.entryCount };
  console.log(
    options.json
      ? JSON.stringify(facts)
      : `${file}\n${mb(facts.bytes)} MB, ${mb(facts.unpackedBytes)} MB in ${facts.files} files when installed`,
  );
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
