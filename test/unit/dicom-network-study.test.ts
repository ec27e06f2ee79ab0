/** A study on its way to an archive: what is final, what is sent again, and what is kept of its progress. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Delivered } from '../../lib/delivery/channel';
import { readOutgoing } from '../../lib/dicom/outgoing';
import { type SentStudy, sendStudy, studyItems } from '../../lib/dicom/send-study';
import type { Transfer } from '../../lib/dicom/transfer';
import { ExchangeError } from '../../lib/errors';
import {
  CT_IMAGE,
  SYNTAX,
  UID_ROOT,
  element,
  fileOf,
  imageElements,
  metaOf,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';
import { type Message, type Scp, type Script, answerTo, serve, startScp } from '../support/dicom-peer';
import { temporaryFolder } from '../support/report-files';

const COUNT = 4;
const success = (message: Message): Buffer => answerTo(message, { 0x0900: 0 });

describe('DICOM: a study to an archive', () => {
  let folder: string;
  let scp: Scp | undefined;
  let saved: string[];
  let transfers: Transfer[];
  beforeEach(() => {
    folder = temporaryFolder('study');
    [saved, transfers] = [[], []];
    for (let number = 1; number <= COUNT; number++) {
      const uid = `${UID_ROOT}.3.${number}`;
      const elements = imageElements({ 0x00080018: element(0x00080018, 'UI', uid) });
      const dataSet = writeDataSet(elements, writingOf(SYNTAX.explicit));
      const meta = metaOf(SYNTAX.explicit, CT_IMAGE, uid);
      fs.writeFileSync(path.join(folder, `${number}.dcm`), fileOf(dataSet, { meta }));
    }
  });
  afterEach(async () => {
    const closing = scp;
    scp = undefined;
    await closing?.close();
    fs.rmSync(folder, { recursive: true });
  });

  const play = async (script: Script): Promise<void> => {
    await scp?.close();
    scp = await startScp(script);
  };
  /** Answers the objects, by their numbers, with statuses other than success. */
  const answering =
    (statuses: Readonly<Record<number, number>>, seen: string[] = []): Script =>
    wire =>
      serve(wire, message => {
        const uid = message.text(0x1000);
        seen.push(uid);
        return answerTo(message, { 0x0900: statuses[Number(uid.split('.').at(-1))] ?? 0 });
      });
  const content = async (): Promise<string> => {
    const [item] = studyItems(await readOutgoing(folder, () => assert.fail('no bytes')), {
      efilm: false,
      newUids: false,
    });
    assert.ok(item);
    return item.content;
  };
  const send = async (
    what: string,
    save = (newer: string): Promise<void> => Promise.resolve(void saved.push(newer)),
  ): Promise<Delivered> =>
    sendStudy(
      { id: '1', service: 'C-STORE', content: what, doubtful: false, save },
      {
        host: '127.0.0.1',
        port: scp?.port ?? 0,
        aeTitle: 'PEER',
        callingAeTitle: 'US',
        connectTimeoutMs: 2000,
        timeoutMs: 2000,
        maxPdu: 16_384,
      },
      { associations: 1, onTransfer: transfer => transfers.push(transfer) },
      new AbortController().signal,
    );
  const failureOf = async (promise: Promise<unknown>): Promise<string> => {
    try {
      await promise;
    } catch (error) {
      assert.ok(error instanceof ExchangeError);
      return `${error.code} ${error.retry}`;
    }
    return 'none';
  };

  for (const status of [0xa900, 0xc123, 0x0122, 0x0124]) {
    it(`${status.toString(16)} is final: the object failed, the others are taken`, async () => {
      await play(answering({ 2: status }));
      const { state, payload } = await send(await content());
      const { total, accepted, failed } = payload as SentStudy;
      assert.deepEqual([state, total, accepted, failed], ['refused', COUNT, COUNT - 1, 1]);
    });
  }

  it('tells of each object what became of it, and how large it is', async () => {
    await play(answering({ 1: 0xb000, 2: 0xa900, 3: 0xa700 }));
    await failureOf(send(await content()));
    const found = transfers.map(({ result }) => result).toSorted((one, other) => (one < other ? -1 : 1));
    assert.deepEqual(found, ['failed', 'refused', 'success', 'warning']);
    const size = writeDataSet(imageElements(), writingOf(SYNTAX.explicit)).length;
    for (const { bytes } of transfers) assert.ok(Math.abs(bytes - size) < 100, `${bytes} of ${size}`);
  });

  it('tells of no bytes where the answer was lost', async () => {
    await play(wire =>
      serve(wire, () => {
        wire.socket.resetAndDestroy();
        return null;
      }),
    );
    await failureOf(send(await content()));
    assert.equal(transfers.filter(({ result }) => result === 'unknown').length, 1);
    assert.ok(transfers.every(({ bytes }) => bytes === 0));
  });

  it('A700 is sent again, alone', async () => {
    await play(answering({ 2: 0xa700 }));
    assert.equal(await failureOf(send(await content())), 'DICOM_STATUS retry');
    const seen: string[] = [];
    await play(answering({}, seen));
    const { state } = await send(saved.at(-1) ?? '');
    assert.deepEqual([state, seen], ['accepted', [`${UID_ROOT}.3.2`]]);
  });

  it('what was not answered when the connection was lost is sent again, and nothing else', async () => {
    await play(wire =>
      serve(wire, (message, number) => {
        if (number <= 2) return success(message);
        wire.socket.resetAndDestroy();
        return null;
      }),
    );
    assert.equal(await failureOf(send(await content())), 'TRANSPORT_UNKNOWN in-doubt');
    const seen: string[] = [];
    await play(answering({}, seen));
    const { state } = await send(saved.at(-1) ?? '');
    assert.deepEqual([state, seen.length], ['accepted', 2]);
  });

  it('an object that always breaks the peer does not keep back the others', async () => {
    const seen: string[] = [];
    await play(wire =>
      serve(wire, message => {
        const uid = message.text(0x1000);
        if (uid === `${UID_ROOT}.3.1`) {
          wire.socket.resetAndDestroy();
          return null;
        }
        seen.push(uid);
        return success(message);
      }),
    );
    assert.equal(await failureOf(send(await content())), 'TRANSPORT_UNKNOWN in-doubt');
    assert.deepEqual(seen, []);
    assert.equal(await failureOf(send(saved.at(-1) ?? '')), 'TRANSPORT_UNKNOWN in-doubt');
    assert.equal(seen.length, COUNT - 1);
  });

  it('keeps no progress after its end', async () => {
    await play(answering({}));
    await send(await content());
    const { length } = saved;
    await pause(300); // longer than the time between two times that progress is kept
    assert.equal(saved.length, length);
  });

  it('fails when its progress cannot be kept, and in no other way', async () => {
    await play(wire => serve(wire, message => pause(120).then(() => success(message))));
    const broken = (): Promise<void> => Promise.reject(new Error('no store'));
    await assert.rejects(send(await content(), broken), /no store/);
  });
});
