/** Admin routes of test buttons: they try what the form says, and answer what came of it. */
import type { Node, NodeAPI } from 'node-red';
import { type Row, isRow } from '../../lib/contract/row';
import { ExchangeError, type Text } from '../../lib/errors';

/** A test must not make people wait as long as the work may. */
export const TEST_TIMEOUT_MS = 15_000;

export interface TestRoute {
  readonly type: string;
  readonly path: string;
  /** @param asked text values of the form; variables of the environment that they name are filled in */
  readonly test: (asked: Readonly<Record<string, string>>) => Promise<{ ok: boolean; text: Text }>;
}

/**
 * Mounts `/<type>/<path>` for those who may write nodes of the type. JSON only: a browser posts a foreign page's form
 * without asking, but no JSON. Whatever goes wrong in a test is its answer.
 */
export function mountTest(RED: NodeAPI, { type, path, test }: TestRoute): void {
  RED.httpAdmin.post(`/${type}/${path}`, RED.auth.needsPermission(`${type}.write`), (request, response) => {
    const startedAt = performance.now();
    const body: unknown = request.is('application/json') ? request.body : undefined;
    if (!isRow(body)) {
      response.status(415).end();
      return;
    }
    const answer = ({ ok, text }: { ok: boolean; text: Text }): void => {
      response.json({ ok, text, durationMs: Math.round(performance.now() - startedAt) });
    };
    Promise.resolve()
      .then(() => test(textsOf(RED, body)))
      .then(answer, (error: unknown) =>
        answer({ ok: false, text: error instanceof ExchangeError ? error.text : FAILED }),
      );
  });
}

const FAILED: Text = { zh: '测试失败', en: 'the test failed' };

/** Anything but text and switches is left out: no form sends it. */
function textsOf(RED: NodeAPI, body: Row): Readonly<Record<string, string>> {
  const texts = Object.entries(body).flatMap(([name, given]) =>
    typeof given === 'string' ? [[name, fromEnvironment(RED, given)] as const] : [],
  );
  return Object.fromEntries(texts);
}

function fromEnvironment(RED: NodeAPI, given: string): string {
  if (!/\$\{/.test(given)) return given;
  return String(RED.util.evaluateNodeProperty(given, 'env', {} as Node, {}) ?? '');
}
