/** Decompresses images for peers that take uncompressed ones alone. In a thread: it takes its time, and may fail badly. */
import path from 'node:path';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { ExchangeError, type Text } from '../errors';
import { toImplicit } from './recode';
import { EXPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax';

/** The data set of a compressed image. */
export interface DecompressRequest {
  readonly id: number;
  readonly transferSyntaxUid: string;
  readonly dataSet: Uint8Array;
}

/** The data set in Explicit VR Little Endian, or what is wrong. */
export type DecompressAnswer =
  { readonly id: number; readonly dataSet: Uint8Array } | { readonly id: number; readonly wrong: Text };

/** Of a data set in bytes: it is in memory, and its pixels are, too. */
const LONGEST = 64 * 1024 * 1024;
/** For one image; a codec may not end. */
const LONGEST_MS = 60_000;
/** After the last image. */
const IDLE_MS = 10_000;

/** RLE, JPEG baseline, extended and lossless, JPEG-LS, JPEG 2000. */
const DECODABLE = new Set(
  ['.5', '.4.50', '.4.51', '.4.57', '.4.70', '.4.80', '.4.81', '.4.90', '.4.91'].map(
    suffix => `1.2.840.10008.1.2${suffix}`,
  ),
);

/** Whether `decompress` takes an image. */
export const isDecompressible = (transferSyntaxUid: string, length: number): boolean =>
  DECODABLE.has(transferSyntaxUid) && length <= LONGEST;

let thread: Thread | undefined;

/**
 * The data set of a compressed image in Explicit VR Little Endian, values but those of its pixels untouched. One image
 * at a time, whoever asks.
 *
 * @throws ExchangeError DICOM_CONTEXT when it cannot be decompressed
 */
export async function decompress(dataSet: Buffer, transferSyntaxUid: string): Promise<Buffer> {
  thread = thread?.isAlive ? thread : new Thread();
  const answer = await thread.run(dataSet, transferSyntaxUid);
  if ('wrong' in answer) throw notDecompressed(transferSyntaxUid, answer.wrong);
  const { buffer, byteOffset, byteLength } = answer.dataSet;
  const result = Buffer.from(buffer, byteOffset, byteLength);
  await checkUncompressed(result, transferSyntaxUid);
  return result;
}

/** The pixels of an icon within a sequence may be compressed as well (PS3.3 C.7.6.1.1.6): they would stay so. */
async function checkUncompressed(dataSet: Buffer, transferSyntaxUid: string): Promise<void> {
  try {
    for await (const _piece of toImplicit(Readable.from([dataSet]), EXPLICIT_VR_LITTLE_ENDIAN));
  } catch (error) {
    throw notDecompressed(transferSyntaxUid, reasonOf(error));
  }
}

class Thread {
  isAlive = true;
  readonly #worker = new Worker(path.join(__dirname, 'decompress-thread.js'));
  #id = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on('error', () => (this.isAlive = false));
    this.#worker.on('exit', () => (this.isAlive = false));
  }

  run(dataSet: Buffer, transferSyntaxUid: string): Promise<DecompressAnswer> {
    clearTimeout(this.#idle);
    this.#waiting++;
    const answer = this.#last.then(() => this.#ask(dataSet, transferSyntaxUid));
    this.#last = answer.then(() => {
      if (--this.#waiting === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
    });
    return answer;
  }

  #end(): void {
    this.isAlive = false;
    void this.#worker.terminate();
  }

  #ask(dataSet: Buffer, transferSyntaxUid: string): Promise<DecompressAnswer> {
    const id = ++this.#id;
    const worker = this.#worker;
    return new Promise(resolve => {
      const finish = (answer: DecompressAnswer): void => {
        clearTimeout(timer);
        worker.off('message', finish).off('error', onError).off('exit', onExit);
        resolve(answer);
      };
      const onError = (error: Error): void => finish({ id, wrong: reasonOf(error) });
      const onExit = (): void => finish({ id, wrong: reasonOf('the thread has ended') });
      const timer = setTimeout(() => {
        this.#end();
        finish({ id, wrong: reasonOf(`not done after ${LONGEST_MS / 1000} s`) });
      }, LONGEST_MS);
      worker.on('message', finish).on('error', onError).on('exit', onExit);
      if (this.isAlive) worker.postMessage({ id, transferSyntaxUid, dataSet } satisfies DecompressRequest);
      else onExit();
    });
  }
}

/** What went wrong, in our words or those of the library. */
export const reasonOf = (error: unknown): Text =>
  error instanceof ExchangeError ? error.text : { zh: String(error), en: String(error) };

const notDecompressed = (transferSyntax: string, why: Text): ExchangeError =>
  new ExchangeError({
    code: 'DICOM_CONTEXT',
    retry: 'never',
    text: {
      zh: `对方不接受影像的传输语法 ${transferSyntax}，且影像无法解压（${why.zh}）：请在对方开通，或先转换影像`,
      en: `the peer does not accept transfer syntax ${transferSyntax} of the image, which cannot be decompressed (${why.en}): enable it there, or convert the image first`,
    },
    details: { transferSyntax },
  });
