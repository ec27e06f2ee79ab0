// Runs the demo once in a temporary directory: its flows do their work, which is compared with what the platform holds,
// and then its exchange-check node checks the interfaces. One line for each of them:
// `PASS|FAIL <section> <service> <zh> <figure> <evidence>`. Exit code 0 only when nothing failed.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { checks } from './checks.mjs';
import { openContext } from './context.mjs';
import { startDemo, unlinkPack } from './demo.mjs';
import { selfCheck } from './self-check.mjs';

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
  const verdicts = new Map();
  for (const { section } of interfaces) verdicts.set(section, await judge(checks[section], context));
  const { findings, report } = await selfCheck(context);
  let failed = 0;
  for (const { section, service, zh } of interfaces) {
    const { figure, reasons } = verdicts.get(section);
    const own = findings.get(section);
    const all = [...reasons, ...own.reasons];
    const verdict = all.length === 0 && own.verdict === 'PASS' ? 'PASS' : 'FAIL';
    console.log(`${verdict} ${section} ${service} ${zh} ${figure} [${own.evidence}]`);
    for (const reason of all) console.log(`     ${reason}`);
    if (verdict === 'FAIL') failed++;
  }
  console.log(`报告 report ${report}`);
  return failed;
}

/** `reasons` is empty when the check went well. */
async function judge(check, context) {
  const startedAt = Date.now();
  try {
    const figure = await check(context);
    return { figure: `${figure}, ${Date.now() - startedAt} ms`, reasons: [] };
  } catch (error) {
    return { figure: '', reasons: error.reasons ?? [error.message] };
  }
}
