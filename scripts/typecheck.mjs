// Type checks the three TypeScript projects: runtime, editor, tests and benchmarks.
import { run } from './shared.mjs';

for (const project of ['tsconfig.runtime.json', 'tsconfig.editor.json', 'test/tsconfig.json']) {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project, '--noEmit']);
}
