/** What an error of the SQL Server driver means. Its messages may hold values and are left behind. */
import { NoEncryption } from './prelogin';

/** What an error of the driver, and those that it wraps, have in them. */
export interface Facts {
  readonly codes: readonly string[];
  readonly number: number | undefined;
  readonly state: number | undefined;
  /** Stopped before the login, since the server has no encryption. */
  readonly refused: boolean;
  /** The innermost code. */
  readonly said: string;
}

export function factsOf(error: unknown): Facts {
  const chain = [...wrapped(error)];
  const codes = chain.map(({ code }) => code).filter(code => typeof code === 'string');
  // Of an error of the network the driver gives the code as a number, too.
  const server = chain.find(({ number }) => typeof number === 'number');
  return {
    codes,
    number: server?.number as number | undefined,
    state: server?.state === undefined ? undefined : Number(server.state),
    refused: chain.some(part => part instanceof NoEncryption),
    said: codes.at(-1) ?? 'no code',
  };
}

interface DriverError extends Error {
  readonly code?: unknown;
  readonly number?: unknown;
  readonly state?: unknown;
}

function* wrapped(error: unknown): Generator<DriverError> {
  for (let part = error; part instanceof Error;) {
    yield part;
    part = 'originalError' in part ? part.originalError : part.cause;
  }
}

/** Troubles of the server and of the way to it, whoever asks. */
export type ServerTrouble =
  | 'unreachable'
  | 'time-out'
  | 'clash'
  | 'full'
  | 'login'
  | 'database'
  | 'rights'
  | 'standby'
  | 'damaged'
  | 'foreign'
  | 'tls'
  | 'clear-text'
  | 'needs-tls'
  | 'other';

const NUMBERS: readonly (readonly [readonly number[], ServerTrouble])[] = [
  [[1205, 3960], 'clash'],
  [[1222], 'time-out'],
  [[1101, 1105, 9002], 'full'],
  [[18452, 18456, 18470, 18486, 18487, 18488], 'login'],
  [[911, 4060, 4064], 'database'],
  [[229, 230, 262, 297, 916, 2760], 'rights'],
  [[976, 978, 3906], 'standby'],
  [[823, 824, 825], 'damaged'],
  [[207, 208, 213], 'foreign'],
  [[596, 6005, 17142, 17197], 'unreachable'],
];

const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME|EPROTO)/;

/** @param silence what it means that the server did not answer */
export function troubleOf<Silence extends string>(
  { codes, number, refused }: Facts,
  silence: Silence,
): ServerTrouble | Silence {
  if (refused) return 'clear-text';
  const known = NUMBERS.find(([numbers]) => number !== undefined && numbers.includes(number));
  if (known) return known[1];
  if (codes.includes('ELOGIN')) return 'login';
  if (number !== undefined) return 'other';
  if (codes.some(code => TLS_CODE.test(code))) return 'tls';
  if (codes.includes('EENCRYPT')) return 'needs-tls';
  if (codes.includes('ETIMEOUT')) return silence;
  return 'unreachable';
}
