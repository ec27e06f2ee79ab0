// Makes docs/interfaces.md and docs/dicom-conformance.md from the tables of the code. `--check` says what is not up to date.
import fs from 'node:fs';
import path from 'node:path';
import { ensureInstalled, root } from './shared.mjs';

ensureInstalled();
// In TypeScript, as the tables are: this is run with tsx.
const { documents } = await import('./docs/documents.ts');

for (const [name, text] of documents()) {
  const file = path.join(root, name);
  if (!process.argv.includes('--check')) fs.writeFileSync(file, text);
  else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    console.error(`not up to date: ${name}`);
    process.exitCode = 1;
  }
}
