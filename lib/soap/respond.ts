import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a caller may go on sending a request that is already answered. */
const LINGER_MS = 2000;

/**
 * Answers with a UTF-8 text, or with the bytes of one in parts. When the request has not been read to its end, the
 * rest is thrown away for a moment before the connection is closed: closing at once would reset it and the caller
 * would never see the answer.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | readonly Buffer[],
): void {
  if (response.headersSent || response.destroyed) return;
  const parts = typeof body === 'string' ? [Buffer.from(body)] : body;
  const unread = hasBody(request) && !request.complete;
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': parts.reduce((sum, { length }) => sum + length, 0),
    ...(unread && { Connection: 'close' }),
  });
  // Node holds what is written in one turn together, so that all parts leave in one system call.
  for (const part of parts) response.write(part);
  if (unread) endAfterRest(request, response);
  else response.end();
}

/** A request without a body counts as incomplete until its handler has returned. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

function endAfterRest(request: IncomingMessage, response: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end).once('error', end).resume();
}
