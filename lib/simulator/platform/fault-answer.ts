/** How a call goes wrong on the wire: down at the socket where the fault is one of the connection. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_NAMESPACE } from '../../contract/services';
import { encodeGb18030 } from '../../dicom/gb-encoder';
import { SoapFault } from '../../soap/fault';
import { type SoapVersion, buildResponse } from '../../wire/soap-envelope';
import type { Family } from '../faults/fault-kinds';
import type { SoapFaultOrder } from '../faults/fault-order';
import { page } from './html';

/** A call whose answer is known, and its connection. */
export interface FaultyCall {
  readonly response: ServerResponse;
  readonly order: SoapFaultOrder;
  readonly family: Family;
  /** Ends when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What a platform without fault would send: the body, and its type without charset. */
  readonly type: string;
  readonly body: () => string;
}

const SLOW_MS = 3_000;
const GARBAGE_BYTES = 512;

/**
 * Answers wrongly. Gives false when the right answer is to follow after all: it was only late.
 * @throws {SoapFault} of `soap-fault`
 */
export async function answerWrongly(call: FaultyCall): Promise<boolean> {
  const { response, order, signal } = call;
  switch (order.fault) {
    case 'slow':
      // Called off by a caller that has gone: its answer goes nowhere.
      await pause(order.ms ?? SLOW_MS, undefined, { signal }).catch(() => undefined);
      return false;
    case 'silent':
      if (!response.destroyed) await once(response, 'close');
      return true;
    case 'reset':
      return cutOff(response, () => reset(response));
    case 'lost-answer':
      return cutOff(response, () => response.socket?.destroy());
    case 'cut':
      return cutOff(response, () => breakOff(call));
    case 'http-500':
      return send(response, 500, 'text/html; charset=utf-8', page('Runtime Error', '<p>Server Error</p>'));
    case '401':
      response.setHeader('WWW-Authenticate', 'Basic realm="platform"');
      return send(response, 401, 'text/html; charset=utf-8', page('Unauthorized', ''));
    case 'empty':
      return send(response, 200, `${call.type}; charset=utf-8`, '');
    case 'garbage':
      return send(response, 200, `${call.type}; charset=utf-8`, randomBytes(GARBAGE_BYTES));
    case 'wrong-charset':
      return wrongCharset(call);
    case 'soap-fault':
      throw new SoapFault('server', {
        zh: order.text ?? '平台内部错误',
        en: 'internal error of the platform',
      });
    default:
      // These are in the result already.
      return false;
  }
}

/** The result of a call with a fault that stands in the result; undefined for any other fault. */
export function wrongResult({ fault, text }: SoapFaultOrder, family: Family): string | null | undefined {
  switch (fault) {
    case 'null':
      return null;
    case 'bad-json':
      return '{"Status":1,"Msg":"","Total":1,"Ro';
    case 'status-0':
      return refusal(family, text ?? '业务校验不通过');
    case 'duplicate':
      return family === 'sync'
        ? refusal(family, text ?? '数据已存在，请勿重复提交')
        : (text ?? '该报告已存在，请勿重复提交');
    case 'wrong-charset':
      // Latin letters are the same in both.
      return family === 'sync' ? SUCCESS : family === 'report' ? '成功' : undefined;
    default:
      return undefined;
  }
}

const SUCCESS = '{"Status":1,"Msg":"成功","Total":1,"Rows":"1"}';

const refusal = (family: Family, text: string): string =>
  family === 'sync' ? JSON.stringify({ Status: 0, Msg: text, Total: 0, Rows: null }) : `失败：${text}`;

/** A SOAP answer as the endpoint would send it. */
export const soapBody = (version: SoapVersion, operation: string, result: string | null): string =>
  buildResponse(version, DEFAULT_NAMESPACE, operation, result);

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): true {
  if (response.headersSent || response.destroyed) return true;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
  return true;
}

/** Resolves when the connection is gone, so that nothing else is written to it. */
async function cutOff(response: ServerResponse, cut: () => void): Promise<true> {
  if (response.destroyed) return true;
  const closed = once(response, 'close');
  cut();
  await closed;
  return true;
}

function reset({ socket }: ServerResponse): void {
  if (!socket) return;
  // TLS has no way to it.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Announces the whole answer, and sends half of it. */
function breakOff({ response, type, body }: FaultyCall): void {
  const whole = Buffer.from(body());
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': whole.length });
  response.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => response.socket?.destroy());
}

function wrongCharset({ response, order, type, body }: FaultyCall): true {
  const declared = order.declares ?? 'utf-8';
  const text = body().replace(/encoding="utf-8"/i, `encoding="${declared}"`);
  const bytes = declared === 'utf-8' ? encodeGb18030(text) : Buffer.from(text);
  return send(response, 200, `${type}; charset=${declared}`, bytes);
}
