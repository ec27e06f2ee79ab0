/**
 * Keys of one message store, and what is done with them: contents are compressed and sealed (AES-256-GCM), search
 * terms and business keys become keyed hashes. The keys are random and lie in the store, wrapped by one derived from
 * the hospital's secret, so that a change of the secret wraps a few bytes anew and not a million messages.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  scryptSync,
} from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type ErrorOptions, ExchangeError } from '../errors';

/** A key as it lies in the store: sealed by the wrapping key. */
export interface WrappedKey {
  /** 1 to 65535; stands at the head of everything that the key has sealed. */
  readonly id: number;
  /** `data` seals contents; `index` makes keyed hashes, and is never changed: hashes of old messages must match. */
  readonly purpose: 'data' | 'index';
  readonly sealed: Uint8Array;
}

const FORMAT = 1;
const DEFLATED = 1;
/** Format, flags, key id. */
const HEAD_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Shorter texts do not become smaller. */
const DEFLATE_FROM = 200;
/** 128 bits: collisions among a hospital's numbers do not happen. */
const HASH_BYTES = 16;

/** Work and memory (32 MiB, about 80 ms) that one guess at the secret costs. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export class KeyRing {
  readonly #data = new Map<number, KeyObject>();
  readonly #index: KeyObject;
  #current: number;

  private constructor(index: KeyObject) {
    this.#index = index;
    this.#current = 0;
  }

  /** Unwraps the keys of a store. Undefined when the secret is not the one that they are wrapped by. */
  static open(wrapping: KeyObject, wrapped: readonly WrappedKey[]): KeyRing | undefined {
    try {
      const keys = wrapped.map(key => ({ ...key, key: unwrap(wrapping, key) }));
      const index = keys.find(({ purpose }) => purpose === 'index');
      if (!index) return undefined;
      const ring = new KeyRing(index.key);
      for (const { id, purpose, key } of keys) if (purpose === 'data') ring.#add(id, key);
      return ring;
    } catch {
      return undefined;
    }
  }

  /** Id of the key that seals what is sealed now. */
  get current(): number {
    return this.#current;
  }

  /** Compresses and seals; `place` binds the result to its message and column. */
  seal(text: string, place: string): Buffer {
    const key = this.#data.get(this.#current);
    if (!key) throw unreadable();
    const plain = Buffer.from(text);
    const deflate = plain.length >= DEFLATE_FROM;
    return encrypt(key, this.#current, deflate ? deflateRawSync(plain) : plain, deflate, place);
  }

  /** @throws {ExchangeError} STORE when it was sealed by a key that is not here, for another place, or is damaged. */
  unseal(sealed: Uint8Array, place: string): string {
    const key = this.#data.get(keyIdOf(sealed));
    if (!key) throw new UnknownKey();
    try {
      const { plain, deflated } = decrypt(key, sealed, place);
      return (deflated ? inflateRawSync(plain) : plain).toString();
    } catch {
      throw unreadable();
    }
  }

  /** A hash that only a holder of the keys can compute; 22 characters. */
  hash(text: string): string {
    return createHmac('sha256', this.#index)
      .update(text)
      .digest()
      .subarray(0, HASH_BYTES)
      .toString('base64url');
  }

  #add(id: number, key: KeyObject): void {
    this.#data.set(id, key);
    this.#current = Math.max(this.#current, id);
  }
}

/** Id of the key that something was sealed by. */
export const keyIdOf = (sealed: Uint8Array): number => ((sealed[2] ?? 0) << 8) | (sealed[3] ?? 0);

/** Random bytes for a store's salt, kept beside the wrapped keys. */
export const newSalt = (): Buffer => randomBytes(16);

export const newKey = (): Buffer => randomBytes(32);

/** Wraps keys by a secret; all keys of a store are wrapped by the same one. */
export function wrapKeys(
  wrapping: KeyObject,
  keys: readonly { readonly id: number; readonly purpose: WrappedKey['purpose']; readonly key: Uint8Array }[],
): WrappedKey[] {
  return keys.map(({ id, purpose, key }) => ({
    id,
    purpose,
    sealed: encrypt(wrapping, id, Buffer.from(key), false, purpose),
  }));
}

/** The bare keys, to be wrapped anew. Undefined when the secret is not theirs. */
export function unwrapKeys(
  wrapping: KeyObject,
  wrapped: readonly WrappedKey[],
): { id: number; purpose: WrappedKey['purpose']; key: Buffer }[] | undefined {
  try {
    return wrapped.map(key => ({ id: key.id, purpose: key.purpose, key: unwrap(wrapping, key).export() }));
  } catch {
    return undefined;
  }
}

/** The key that wraps those of a store: from the hospital's secret, and slow to guess. */
export const wrappingKey = (secret: string, salt: Uint8Array): KeyObject =>
  createSecretKey(scryptSync(secret, salt, 32, SCRYPT));

const unwrap = (wrapping: KeyObject, { purpose, sealed }: WrappedKey): KeyObject =>
  createSecretKey(decrypt(wrapping, sealed, purpose).plain);

function encrypt(key: KeyObject, id: number, plain: Buffer, deflated: boolean, place: string): Buffer {
  const head = Buffer.from([FORMAT, deflated ? DEFLATED : 0, id >> 8, id & 0xff]);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.concat([head, Buffer.from(place)]));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([head, iv, cipher.getAuthTag(), body]);
}

function decrypt(key: KeyObject, sealed: Uint8Array, place: string): { plain: Buffer; deflated: boolean } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const head = bytes.subarray(0, HEAD_BYTES);
  const iv = bytes.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
  const tag = bytes.subarray(HEAD_BYTES + IV_BYTES, HEAD_BYTES + IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([head, Buffer.from(place)]));
  decipher.setAuthTag(tag);
  const plain = Buffer.concat([
    decipher.update(bytes.subarray(HEAD_BYTES + IV_BYTES + TAG_BYTES)),
    decipher.final(),
  ]);
  return { plain, deflated: head[1] === DEFLATED };
}

const UNREADABLE: ErrorOptions = {
  code: 'STORE',
  retry: 'never',
  text: {
    zh: '消息内容无法解密：密钥不符，或内容已损坏',
    en: 'the content of a message cannot be opened: another key, or it is damaged',
  },
};

const unreadable = (): ExchangeError => new ExchangeError(UNREADABLE);

/** Sealed by a key that is not in the ring: another process of a shared store may have made it since. */
export class UnknownKey extends ExchangeError {
  constructor() {
    super(UNREADABLE);
  }
}
