// Runs the demo once in a temporary directory and prints one line for each of the agreement's interfaces:
// `PASS|FAIL <section> <service> <zh> <figure>`. Exit code 0 only when nothing failed.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { checks } from './checks.mjs';
import { openContext } from './context.mjs';
import { startDemo, unlinkPack } from './demo.mjs';

const { interfaces } = createRequire(import.meta.url)('../../dist/lib/contract/services.js');

/** Gives the exit code. */
export async function run({ flow } = {}) {
  const userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'exchange-demo-'));
  try {
    const demo = await startDemo({ userDir, port: 0, ...(flow && { flow }) });
    const context = openContext(demo);
    const failed = await runChecks(context);
    await context.close();
    await demo.stop();
    return failed > 0 ? 1 : 0;
  } finally {
    unlinkPack(userDir);
    fs.rmSync(userDir, { recursive: true, force: true });
  }
}

async function runChecks(context) {
  let failed = 0;
  for (const { section, service, zh } of interfaces) {
    const { verdict, figure, reasons } = await judge(checks[section], context);
    console.log(`${verdict} ${section} ${service} ${zh} ${figure}`.trimEnd());
    for (const reason of reasons) console.log(`     ${reason}`);
    if (verdict === 'FAIL') failed++;
  }
  return failed;
}

async function judge(check, context) {
  const startedAt = Date.now();
  try {
    const figure = await check(context);
    return { verdict: 'PASS', figure: `${figure}, ${Date.now() - startedAt} ms`, reasons: [] };
  } catch (error) {
    return { verdict: 'FAIL', figure: '', reasons: error.reasons ?? [error.message] };
  }
}
