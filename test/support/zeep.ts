/** python-zeep as the caller of a SOAP service. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { works } from './peer';

const PYTHON = '/usr/bin/python3';

export interface ZeepCall {
  readonly port: string;
  readonly operation?: string;
  readonly parameters: Record<string, string | null>;
}

export const hasZeep = (): boolean => works(PYTHON, '-c', 'import zeep');

/** Makes all calls through one interpreter: starting it takes the longest. */
export async function callByZeep(
  wsdl: string,
  calls: readonly ZeepCall[],
): Promise<Record<string, unknown>[]> {
  const zeep = spawn(PYTHON, [path.resolve('test/support/zeep-client.py')], {
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', NO_PROXY: '*' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = calls.map(call => JSON.stringify({ wsdl, operation: 'AppointmentDealInterface', ...call }));
  zeep.stdin.end(`${lines.join('\n')}\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of zeep.stdout) chunks.push(Buffer.from(chunk as Uint8Array));
  const answers = Buffer.concat(chunks).toString().trim().split('\n');
  assert.equal(answers.length, calls.length);
  return answers.map(answer => JSON.parse(answer) as Record<string, unknown>);
}
