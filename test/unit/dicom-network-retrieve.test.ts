/** Retrieving from peers that do wrong. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import type { QueryPeer } from '../../lib/dicom/query-scu';
import { type SubOperations, getObjects, moveObjects } from '../../lib/dicom/retrieve-scu';
import { retrieveStudies } from '../../lib/dicom/retrieve-study';
import type { Transfer } from '../../lib/dicom/transfer';
import { ExchangeError } from '../../lib/errors';
import {
  CT_IMAGE,
  SYNTAX,
  UID_ROOT,
  element,
  imageElements,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';
import {
  FIND_RQ,
  GET_RQ,
  LAST,
  MOVE_RQ,
  type Message,
  type Scp,
  type Script,
  STORE_RQ,
  type Values,
  type Wire,
  abort,
  accept,
  answerTo,
  commandData,
  data,
  pdu,
  serve,
  serveMessages,
  startScp,
} from '../support/dicom-peer';
import { filesBelow, temporaryFolder } from '../support/report-files';
import { received } from '../support/received';

const STUDY = `${UID_ROOT}.1`;
const SERIES = `${UID_ROOT}.2`;
const MIB = 1024 * 1024;
const KEYS = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: STUDY };
const STUDY_KEYS = { studyInstanceUid: STUDY, patientId: '', accessionNumber: '' };

const object = (sop: string): Buffer =>
  writeDataSet(imageElements({ 0x00080018: element(0x00080018, 'UI', sop) }), writingOf(SYNTAX.explicit));

type Retrieval = (signal: AbortSignal, onProgress: (done: number) => void) => Promise<SubOperations>;

/** Elements of an answer to C-GET or C-MOVE of five objects. */
const progress = (status: number, completed: number): Values => ({
  0x0900: status,
  0x1020: 5 - completed,
  0x1021: completed,
  0x1022: 0,
  0x1023: 0,
});

/** An answer to C-FIND. */
const pending = (message: Message, values: Readonly<Record<number, string>>): Buffer =>
  Buffer.concat([
    answerTo(message, { 0x0800: 0, 0x0900: 0xff00 }),
    data(
      message.contextId,
      LAST,
      writeDataSet(
        Object.entries(values).map(([tag, value]) => element(Number(tag), 'UI', value)),
        writingOf(SYNTAX.explicit),
      ),
    ),
  ]);

describe('DICOM: retrieving from peers', () => {
  let folder: string;
  let scp: Scp | undefined;
  beforeEach(() => {
    folder = temporaryFolder('retrieve');
  });
  afterEach(async () => {
    const closing = scp;
    scp = undefined;
    await closing?.close();
    fs.rmSync(folder, { recursive: true });
  });

  const play = async (script: Script): Promise<void> => {
    scp = await startScp(script);
  };
  const peer = (): QueryPeer => ({
    host: '127.0.0.1',
    port: scp?.port ?? 0,
    aeTitle: 'PEER',
    callingAeTitle: 'US',
    connectTimeoutMs: 2000,
    timeoutMs: 2000,
    maxPdu: 131_072,
    characterSet: 'GB18030',
  });
  const target = (): ObjectFolder => new ObjectFolder(folder, MIB);
  const nothingUnfinished = (): void =>
    assert.deepEqual(fs.readdirSync(path.join(folder, '.unfinished')), []);

  /** Accepts, waits for the C-GET, and hands it on with the context of CT images. */
  const getting =
    (then: (wire: Wire, get: Message, contextId: number) => Promise<void>): Script =>
    async wire => {
      const asked = await wire.asked();
      wire.send(accept(asked));
      const get = await wire.message();
      assert.equal(get?.field, GET_RQ);
      const context = asked.contexts.find(({ abstractSyntax }) => abstractSyntax === CT_IMAGE);
      assert.ok(context);
      await then(wire, get, context.id);
    };
  const sendObject = (wire: Wire, contextId: number, announced: string, bytes: Buffer): void =>
    wire.send(
      commandData(contextId, {
        0x0002: CT_IMAGE,
        0x0100: STORE_RQ,
        0x0110: 77,
        0x0800: 0,
        0x1000: announced,
      }),
      data(contextId, LAST, bytes),
    );

  for (const [what, announced, bytes, status] of [
    ['as announced', '1.2.3', object('1.2.3'), 0],
    ['that is another than announced', '1.2.4', object('1.2.3'), 0xa900],
    ['that is garbage', '1.2.3', Buffer.alloc(3000, 0xee), 0xc000],
  ] as const) {
    it(`answers an object ${what} with ${status.toString(16)}`, async () => {
      const answers: number[] = [];
      await play(
        getting(async (wire, get, contextId) => {
          sendObject(wire, contextId, announced, bytes);
          answers.push((await wire.message())?.status ?? -1);
          const [completed, failed] = status === 0 ? [1, 0] : [0, 1];
          wire.send(
            answerTo(get, { 0x0900: status && 0xb000, 0x1021: completed, 0x1022: failed, 0x1023: 0 }),
          );
          await serveMessages(wire, () => null);
        }),
      );
      const transfers: Transfer[] = [];
      const onTransfer = (transfer: Transfer): void => void transfers.push(transfer);
      const { completed, failed } = await getObjects(peer(), KEYS, target(), { onTransfer });
      assert.deepEqual([answers, completed, failed], [[status], status ? 0 : 1, status ? 1 : 0]);
      assert.deepEqual(transfers, [{ result: status ? 'failed' : 'success', bytes: bytes.length }]);
      assert.equal(filesBelow(folder).length, status ? 0 : 1);
      nothingUnfinished();
    });
  }

  for (const [how, code, end] of [
    ['aborts', 'DICOM_ABORTED', wire => wire.send(abort(0))],
    ['closes the connection', 'TRANSPORT_UNKNOWN', wire => void wire.socket.end()],
    ['releases', 'DICOM_PROTOCOL', wire => wire.send(pdu(5))],
    [
      'sends another request',
      'DICOM_PROTOCOL',
      wire => wire.send(commandData(1, { 0x0100: 0x0030, 0x0800: 0x0101 })),
    ],
  ] as const satisfies readonly (readonly [string, string, (wire: Wire) => void])[]) {
    it(`leaves nothing half done when the peer ${how} within an object`, async () => {
      await play(
        getting(async (wire, _get, contextId) => {
          sendObject(wire, contextId, '1.2.3', object('1.2.3'));
          await wire.message();
          wire.send(
            commandData(contextId, {
              0x0002: CT_IMAGE,
              0x0100: STORE_RQ,
              0x0110: 78,
              0x0800: 0,
              0x1000: '1.2.4',
            }),
            data(contextId, 0, object('1.2.4').subarray(0, 100)),
          );
          end(wire);
        }),
      );
      await assert.rejects(
        getObjects(peer(), KEYS, target()),
        (error: unknown) => error instanceof ExchangeError && error.code === code,
      );
      assert.deepEqual(filesBelow(folder), [path.join(STUDY, '1.2.3.dcm')]);
      nothingUnfinished();
    });
  }

  it('tells when the peer refuses the request as a whole, or offers none', async () => {
    await play(wire => serve(wire, message => answerTo(message, { 0x0900: 0xa702 })));
    await assert.rejects(getObjects(peer(), KEYS, target()), /C-GET.*A702/);
    await scp?.close();
    await play(async wire => {
      wire.send(accept(await wire.asked(), 0, () => 3));
      await serveMessages(wire, () => null);
    });
    await assert.rejects(getObjects(peer(), KEYS, target()), /does not offer C-GET/);
  });

  it('tells what a peer has sent to a station, in its words', async () => {
    await play(async wire => {
      wire.send(accept(await wire.asked()));
      const move = await wire.message();
      assert.equal(move?.field, MOVE_RQ);
      wire.send(answerTo(move, { 0x0900: 0xb000, 0x1021: 5, 0x1022: 2, 0x1023: 0 }));
      await serveMessages(wire, () => null);
    });
    const transfers: Transfer[] = [];
    await moveObjects(peer(), KEYS, 'US', { onTransfer: transfer => transfers.push(transfer) });
    assert.deepEqual(transfers, [
      { result: 'success', bytes: 0, objects: 5 },
      { result: 'failed', bytes: 0, objects: 2 },
    ]);
  });

  for (const [service, field, retrieve] of [
    ['C-GET', GET_RQ, (signal, onProgress) => getObjects(peer(), KEYS, target(), { signal, onProgress })],
    ['C-MOVE', MOVE_RQ, (signal, onProgress) => moveObjects(peer(), KEYS, 'US', { signal, onProgress })],
  ] as const satisfies readonly (readonly [string, number, Retrieval])[]) {
    /** Sends pending answers, one after the other, until something comes; gives the request and that. */
    const untilCancelled = async (wire: Wire): Promise<{ get: Message; cancel: Message | null }> => {
      wire.send(accept(await wire.asked()));
      const get = await wire.message();
      assert.equal(get?.field, field);
      for (const completed of [1, 2]) wire.send(answerTo(get, progress(0xff00, completed)));
      return { get, cancel: await wire.message() };
    };
    /** Gives up after two objects. */
    const givenUp = (): ReturnType<Retrieval> => {
      const stop = new AbortController();
      return retrieve(stop.signal, done => void (done === 2 && stop.abort()));
    };

    it(`${service}: asks the peer to cancel, and says so`, async () => {
      let asked: readonly number[] = [];
      await play(async wire => {
        const { get, cancel } = await untilCancelled(wire);
        asked = [cancel?.field ?? 0, cancel?.number(0x0120) ?? 0, get.messageId];
        // One was under way.
        wire.send(answerTo(get, progress(0xff00, 3)), answerTo(get, progress(0xfe00, 3)));
        await serveMessages(wire, () => null);
      });
      const { status, completed, failed } = await givenUp();
      assert.deepEqual([status, completed, failed], [0xfe00, 3, 0]);
      assert.deepEqual(asked, [0x0fff, asked[2], asked[2]]);
    });

    it(`${service}: takes what has ended before it was asked`, async () => {
      await play(async wire => {
        const { get } = await untilCancelled(wire);
        wire.send(answerTo(get, progress(0, 5)));
        await serveMessages(wire, () => null);
      });
      const { status, completed } = await givenUp();
      assert.deepEqual([status, completed], [0, 5]);
    });

    it(`${service}: ends by itself what the peer does not cancel`, async () => {
      await play(async wire => {
        await untilCancelled(wire);
        await wire.next();
      });
      await assert.rejects(givenUp(), (error: unknown) => (error as ExchangeError).code === 'ABORTED');
    });

    it(`${service}: is not asked for when it is given up before`, async () => {
      await play(() => undefined);
      await assert.rejects(
        retrieve(AbortSignal.abort(), () => undefined),
        (error: unknown) => (error as ExchangeError).code === 'ABORTED',
      );
      assert.equal(scp?.wires.length, 0);
    });

    it(`${service}: a peer that cancels by itself has failed`, async () => {
      await play(wire => serve(wire, message => answerTo(message, { 0x0900: 0xfe00 })));
      await assert.rejects(
        retrieve(new AbortController().signal, () => undefined),
        /FE00: cancelled/,
      );
    });
  }

  it('asks for a thousand missing objects of a series in lists that fit into a request', async () => {
    const uids = Array.from({ length: 1200 }, (_, at) => `${UID_ROOT}.4.${'1'.repeat(25)}.${1000 + at}`);
    const [first = '', ...rest] = uids;
    await target().write(
      { sopClassUid: CT_IMAGE, sopInstanceUid: first, transferSyntaxUid: SYNTAX.explicit, sourceAeTitle: '' },
      received(object(first)),
    );
    const asked: string[] = [];
    const done = { 0x0900: 0, 0x1021: 0, 0x1022: 0, 0x1023: 0 };
    await play(wire =>
      serve(
        wire,
        message => {
          const identifier = message.dataSet.toString('latin1');
          if (message.field === FIND_RQ) {
            const answers = identifier.includes('IMAGE')
              ? uids.map(uid => pending(message, { 0x00080018: uid }))
              : identifier.includes('SERIES')
                ? [pending(message, { 0x0020000e: SERIES })]
                : [pending(message, { 0x0020000d: STUDY })];
            return Buffer.concat([...answers, answerTo(message, { 0x0900: 0 })]);
          }
          asked.push(...(identifier.match(/1\.2\.826[\d.]*\.4\.1{25}\.\d+/g) ?? []));
          return answerTo(message, done);
        },
        131_072,
      ),
    );
    const [study] = await retrieveStudies(peer(), STUDY_KEYS, { method: 'get', folder: target() });
    assert.deepEqual(asked, rest);
    assert.deepEqual([study?.expected, study?.missing.length], [1200, 1199]);
  });

  it('asks once for a study that the peer names for each of its images', async () => {
    const uids = [1, 2, 3].map(number => `${UID_ROOT}.4.${number}`);
    const asked: string[] = [];
    await play(wire =>
      serve(wire, message => {
        const identifier = message.dataSet.toString('latin1');
        if (message.field !== FIND_RQ) {
          asked.push('C-GET');
          return answerTo(message, { 0x0900: 0, 0x1021: 0, 0x1022: 0, 0x1023: 0 });
        }
        const level = ['IMAGE', 'SERIES', 'STUDY'].find(name => identifier.includes(name)) ?? '';
        asked.push(level);
        const answers = uids.map(uid =>
          pending(message, { 0x00080018: uid, 0x0020000d: STUDY, 0x0020000e: SERIES }),
        );
        return Buffer.concat([...answers, answerTo(message, { 0x0900: 0 })]);
      }),
    );
    await assert.rejects(retrieveStudies(peer(), STUDY_KEYS, { method: 'get', folder: target() }), {
      code: 'DICOM_STATUS',
    });
    assert.deepEqual(asked, ['STUDY', 'SERIES', 'IMAGE', 'C-GET']);
  });
});
