/** Ports of named instances, by SQL Server's Browser service ([MC-SQLR]). */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

const BROWSER_PORT = 1434;
/** The question for one instance, and the answer. */
const ASK = 4;
const ANSWER = 5;
const REPEAT_MS = 1000;

/** The Browser service does not answer, or knows no such instance with TCP. */
export class NoInstance extends Error {
  override readonly name = 'NoInstance';
  readonly code = 'EINSTLOOKUP';
}

/** @throws {NoInstance} when there is no port until `signal` ends the waiting */
export async function portOfInstance(
  host: string,
  instance: string,
  signal: AbortSignal,
  browserPort = BROWSER_PORT,
): Promise<number> {
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  const question = Buffer.concat([Buffer.from([ASK]), Buffer.from(`${instance}\0`, 'latin1')]);
  const ask = (): void => socket.send(question, browserPort, host, () => {});
  // A datagram may be lost.
  const timer = setInterval(ask, REPEAT_MS);
  try {
    const answered = once(socket, 'message', { signal });
    ask();
    const [bytes] = (await answered) as [Buffer];
    const port = readPort(bytes);
    if (port !== undefined) return port;
  } catch {
    // Said below.
  } finally {
    clearInterval(timer);
    socket.close();
  }
  throw new NoInstance(`no port of the instance ${instance}`);
}

/** The answer is a list: `ServerName;HIS;InstanceName;LIS;IsClustered;No;Version;10.50.6000.34;tcp;1435;;`. */
function readPort(bytes: Buffer): number | undefined {
  if (bytes[0] !== ANSWER || bytes.length < 3) return undefined;
  const words = bytes.subarray(3).toString('latin1').split(';');
  const port = Number(words[words.findIndex(word => word.toLowerCase() === 'tcp') + 1]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
