/** Sending to peers that do wrong: every object has a result, in time and in words. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../../lib/errors';
import { MemoryBytes, openBytes } from '../../lib/dicom/byte-source';
import { echo } from '../../lib/dicom/echo';
import { type QueryPeer, withQueries } from '../../lib/dicom/query-scu';
import { type ObjectResult, type Outgoing, type StoreOptions, storeObjects } from '../../lib/dicom/store-scu';
import { CT_IMAGE, SYNTAX, UID_ROOT } from '../support/dicom-files';
import {
  type Asked,
  COMMAND,
  LAST,
  Message,
  PDU,
  type Scp,
  type Script,
  type Wire,
  abort,
  accept,
  answerTo,
  command,
  data,
  pdu,
  reject,
  serve,
  serveMessages,
  startScp,
  uint32,
} from '../support/dicom-peer';
import { closedPort } from '../support/misbehaving-server';
import { temporaryFolder } from '../support/report-files';
import { until } from '../support/until';

const KIB = 1024;

interface Shape {
  readonly bytes?: number;
  readonly sopClassUid?: string;
  readonly syntax?: string;
}

const objects = (count: number, { bytes = 100, sopClassUid = CT_IMAGE, syntax }: Shape = {}): Outgoing[] =>
  Array.from({ length: count }, (_, at) => ({
    sopClassUid,
    sopInstanceUid: `${UID_ROOT}.${at + 1}`,
    transferSyntaxUid: syntax ?? SYNTAX.explicit,
    open: () => Promise.resolve(new MemoryBytes(Buffer.alloc(bytes, at + 1))),
  }));

/** What became of the objects, shortly: class, or code of the error. */
const inShort = (results: readonly ObjectResult[]): string[] =>
  results.map(({ class: kind, error }) => (error ? `${kind} ${error.code}` : kind));

const success = (message: Message): Buffer => answerTo(message, { 0x0900: 0 });

describe('DICOM: sending to peers', () => {
  let scp: Scp | undefined;
  afterEach(async () => {
    const closing = scp;
    scp = undefined;
    await closing?.close();
  });

  const play = async (script: Script): Promise<void> => {
    scp = await startScp(script);
  };
  const peer = (changes: Partial<QueryPeer> = {}): QueryPeer => ({
    host: '127.0.0.1',
    port: scp?.port ?? 0,
    aeTitle: 'PEER',
    callingAeTitle: 'US',
    connectTimeoutMs: 2000,
    timeoutMs: 2000,
    maxPdu: 16_384,
    characterSet: 'GB18030',
    ...changes,
  });
  const send = (
    some: readonly Outgoing[],
    options: Partial<StoreOptions> = {},
    changes: Partial<QueryPeer> = {},
  ): Promise<ObjectResult[]> => storeObjects(peer(changes), some, { associations: 1, ...options });
  const failureOf = async (changes: Partial<QueryPeer> = {}): Promise<ExchangeError> => {
    const [result] = await send(objects(1), {}, changes);
    assert.ok(result?.error);
    return result.error;
  };

  describe('that reject the association', () => {
    for (const [result, source, reason, retry, zh, en] of [
      [1, 1, 1, 'never', '未说明原因', 'no reason given'],
      [1, 1, 2, 'never', '应用上下文', 'application context'],
      [1, 1, 3, 'never', '不认识本机 AE 标题', 'calling AE title not recognised'],
      [1, 1, 7, 'never', '不认识被叫 AE 标题', 'called AE title not recognised'],
      [1, 1, 9, 'never', '来源 1，原因 9', 'source 1, reason 9'],
      [1, 2, 1, 'never', '未说明原因', 'no reason given'],
      [1, 2, 2, 'never', '协议版本', 'protocol version'],
      [2, 3, 1, 'retry', '暂时繁忙', 'temporary congestion'],
      [2, 3, 2, 'retry', '连接数已满', 'local limit exceeded'],
      [1, 3, 2, 'retry', '连接数已满', 'local limit exceeded'],
      [2, 1, 1, 'retry', '稍后重试', 'for now'],
    ] as const) {
      it(`with result ${result}, source ${source}, reason ${reason}: ${en}`, async () => {
        await play(async wire => {
          await wire.asked();
          wire.send(reject(result, source, reason));
        });
        const error = await failureOf();
        assert.deepEqual([error.code, error.retry], ['DICOM_REJECTED', retry]);
        assert.ok(error.text.zh.includes(zh), error.text.zh);
        assert.ok(error.text.en.includes(en), error.text.en);
        assert.ok(error.text.en.includes(`PEER@127.0.0.1:${scp?.port}`));
      });
    }
  });

  describe('that are not there', () => {
    it('tells that nobody listens', async () => {
      const error = await failureOf({ port: await closedPort() });
      assert.deepEqual([error.code, error.retry], ['TRANSPORT_NOT_SENT', 'retry']);
      assert.match(error.text.en, /ECONNREFUSED.*check address/);
    });

    it('ends by the time-out of connecting', async () => {
      // A documentation address (RFC 5737): packets to it go nowhere, or the network says so at once.
      const error = await failureOf({ host: '192.0.2.1', port: 104, connectTimeoutMs: 200 });
      assert.deepEqual([error.code, error.retry], ['TRANSPORT_NOT_SENT', 'retry']);
    });

    for (const [how, end] of [
      ['closes', wire => void wire.socket.end()],
      ['resets', wire => void wire.socket.resetAndDestroy()],
    ] as const satisfies readonly (readonly [string, Script])[]) {
      it(`${how} the connection at once`, async () => {
        await play(end);
        const error = await failureOf();
        assert.deepEqual([error.code, error.retry], ['TRANSPORT_NOT_SENT', 'retry']);
      });
    }

    it('says nothing to an association request', async () => {
      await play(() => undefined);
      const error = await failureOf({ timeoutMs: 100 });
      assert.deepEqual([error.code, error.retry], ['TRANSPORT_NOT_SENT', 'retry']);
      assert.match(error.text.en, /did not answer within 0\.1 s/);
    });
  });

  describe('that abort', () => {
    for (const [source, reason, en] of [
      [0, 0, /aborted the association$/],
      [2, 0, /no reason given/],
      [2, 1, /unrecognised PDU$/],
      [2, 2, /unexpected PDU$/],
      [2, 6, /invalid PDU parameter value/],
      [7, 9, /aborted the association$/],
    ] as const) {
      it(`at the request, source ${source}, reason ${reason}`, async () => {
        await play(async wire => {
          await wire.asked();
          wire.send(abort(source, reason));
        });
        const error = await failureOf();
        assert.deepEqual([error.code, error.retry], ['DICOM_ABORTED', 'in-doubt']);
        assert.match(error.text.en, en);
        assert.match(error.text.zh, /中止了关联/);
      });
    }
  });

  /** Ways in which a connection ends while objects are sent. */
  const ENDS: readonly (readonly [how: string, code: string, end: (wire: Wire) => void])[] = [
    ['aborts', 'DICOM_ABORTED', wire => void wire.socket.end(abort(0))],
    ['closes the connection', 'TRANSPORT_UNKNOWN', wire => void wire.socket.end()],
    ['resets the connection', 'TRANSPORT_UNKNOWN', wire => void wire.socket.resetAndDestroy()],
  ];
  for (const [how, code, end] of ENDS) {
    it(`${how} in the middle of an object: it is unknown, the others were not sent`, async () => {
      await play(async wire => {
        wire.send(accept(await wire.asked()));
        await wire.next();
        await wire.next();
        end(wire);
      });
      const results = await send(objects(3, { bytes: 500 * KIB }));
      assert.deepEqual(inShort(results), [`unknown ${code}`, `failed ${code}`, `failed ${code}`]);
      assert.ok(results.every(({ status }) => status === null));
    });

    it(`${how} after some objects: these are taken, one is unknown, the rest was not sent`, async () => {
      await play(wire =>
        serve(wire, (message, number) => {
          if (number <= 2) return success(message);
          end(wire);
          return null;
        }),
      );
      const results = await send(objects(5));
      assert.deepEqual(inShort(results), [
        'success',
        'success',
        `unknown ${code}`,
        `failed ${code}`,
        `failed ${code}`,
      ]);
    });
  }

  it('release in the middle of an object: it is unknown', async () => {
    await play(async wire => {
      wire.send(accept(await wire.asked()));
      await wire.next();
      wire.send(pdu(PDU.releaseRq));
    });
    const results = await send(objects(2, { bytes: 500 * KIB }));
    assert.deepEqual(inShort(results), ['unknown TRANSPORT_UNKNOWN', 'failed TRANSPORT_UNKNOWN']);
  });

  describe('that are slow', () => {
    it('gives up one that answers no object, and ignores its late answer', async () => {
      let late: (() => void) | undefined;
      await play(wire =>
        serve(wire, (message, number) => {
          if (number === 1) return success(message);
          late = () => wire.send(success(message));
          return null;
        }),
      );
      const seen: string[] = [];
      const results = await send(
        objects(3),
        { onResult: ({ class: kind }) => void seen.push(kind) },
        { timeoutMs: 150 },
      );
      assert.deepEqual(inShort(results), [
        'success',
        'unknown TRANSPORT_UNKNOWN',
        'failed TRANSPORT_UNKNOWN',
      ]);
      late?.();
      await scp?.wires[0]?.closed();
      assert.deepEqual(seen, ['success', 'unknown', 'failed']);
    });

    it('waits for one that takes its time, as long as bytes move', async () => {
      const timeoutMs = 1000;
      await play(async wire => {
        wire.send(accept(await wire.asked()));
        // Lets through a little, many times within one time-out, for longer than it.
        let taken = 0;
        wire.socket.on('data', chunk => {
          if ((taken += chunk.length) < 256 * KIB) return;
          taken = 0;
          wire.socket.pause();
          setTimeout(() => wire.socket.resume(), 12);
        });
        await serveMessages(wire, success);
      });
      const start = Date.now();
      const results = await send(objects(1, { bytes: 40 * KIB * KIB }), {}, { timeoutMs });
      assert.deepEqual(inShort(results), ['success']);
      assert.ok(Date.now() - start > 1.5 * timeoutMs, `${Date.now() - start} ms`);
    });

    it('gives up one that stops reading', async () => {
      await play(async wire => {
        wire.send(accept(await wire.asked()));
        wire.socket.pause();
      });
      const start = Date.now();
      const results = await send(objects(1, { bytes: 32 * KIB * KIB }), {}, { timeoutMs: 300 });
      assert.deepEqual(inShort(results), ['unknown TRANSPORT_UNKNOWN']);
      assert.ok(Date.now() - start < 2000, `${Date.now() - start} ms`);
    });
  });

  describe('that do not speak DICOM', () => {
    for (const [what, bytes] of [
      ['garbage', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
      ['an answer of 3 GB', () => pdu(PDU.associateAc, Buffer.alloc(0), 3_000_000_000)],
      ['an answer of 70 KB', () => pdu(PDU.associateAc, Buffer.alloc(70_000))],
      ['an answer too short', () => pdu(PDU.associateAc, Buffer.alloc(20))],
      ['an answer with an item cut off', (asked: Asked) => cut(accept(asked))],
      ['an empty PDU', () => pdu(PDU.associateAc, Buffer.alloc(0))],
      ['a PDU of an unknown type', () => pdu(9)],
      ['a request', (asked: Asked) => accept(asked).fill(1, 0, 1)],
      ['data', () => data(1, LAST, Buffer.alloc(10))],
      ['a release', () => pdu(PDU.releaseRq)],
      ['the answer to a release', () => pdu(PDU.releaseRp)],
    ] as const satisfies readonly (readonly [string, (asked: Asked) => Buffer])[]) {
      it(`at the request: ${what}`, async () => {
        await play(async wire => wire.send(bytes(await wire.asked())));
        const error = await failureOf();
        assert.deepEqual([error.code, error.retry], ['DICOM_PROTOCOL', 'in-doubt']);
        assert.match(error.text.zh, /不符合 DICOM 协议/);
        assert.equal((await scp?.wires[0]?.next())?.type, PDU.abort);
      });
    }

    const answers = (answer: (message: Message) => Buffer): Promise<void> =>
      play(wire => serve(wire, answer));
    for (const [what, answer] of [
      ['garbage', () => Buffer.from('garbage, garbage')],
      ['longer data than was offered', () => data(1, LAST, Buffer.alloc(20_000))],
      ['data without a command', () => data(1, LAST, Buffer.alloc(10))],
      [
        'a value longer than its PDU',
        () => pdu(PDU.data, Buffer.concat([uint32(1000), Buffer.from([1, 3]), Buffer.alloc(8)])),
      ],
      ['a value without a header', () => pdu(PDU.data, Buffer.alloc(3))],
      ['a garbage command set', () => data(1, COMMAND | LAST, Buffer.alloc(30, 0xff))],
      [
        'a command set without end',
        () => Buffer.concat(Array.from({ length: 10 }, () => data(1, COMMAND, Buffer.alloc(8 * KIB)))),
      ],
      ['a command without its field', () => data(1, COMMAND | LAST, command({ 0x0900: 0 }))],
      ['the answer to another message', message => answerTo(message, { 0x0120: 4711, 0x0900: 0 })],
      ['a request', message => answerTo(message, { 0x0100: 0x0001, 0x0900: 0 })],
      ['a second association', () => pdu(PDU.associateAc, Buffer.alloc(100))],
    ] as const satisfies readonly (readonly [string, (message: Message) => Buffer])[]) {
      it(`at an object: ${what}`, async () => {
        await answers(answer);
        const results = await send(objects(2));
        assert.deepEqual(inShort(results), ['unknown DICOM_PROTOCOL', 'failed DICOM_PROTOCOL']);
      });
    }
  });

  describe('that accept', () => {
    it('some contexts: the objects of the others fail alone', async () => {
      await play(async wire => {
        wire.send(accept(await wire.asked(), 0, ({ id }) => (id === 1 ? 4 : 0)));
        await serveMessages(wire, success);
      });
      const [jpeg, explicit] = [objects(1, { syntax: SYNTAX.jpeg }), objects(2)];
      const results = await send([...jpeg, ...explicit]);
      assert.deepEqual(inShort(results), ['failed DICOM_CONTEXT', 'success', 'success']);
      assert.equal(results[0]?.error?.retry, 'never');
      assert.match(results[0]?.error?.text.en ?? '', /1\.2\.840\.10008\.1\.2\.4\.50/);
    });

    it('none: no object is passed over in silence', async () => {
      await play(async wire => {
        wire.send(accept(await wire.asked(), 0, () => 3));
        await serveMessages(wire, success);
      });
      assert.deepEqual(inShort(await send(objects(2))), ['failed DICOM_CONTEXT', 'failed DICOM_CONTEXT']);
    });

    it('a context in another syntax than was asked: nothing is sent in it', async () => {
      await play(async wire => {
        const asked = await wire.asked();
        const contexts = asked.contexts.map(one => ({ ...one, transferSyntaxes: [SYNTAX.implicit] }));
        wire.send(accept({ ...asked, contexts }));
        await serveMessages(wire, success);
      });
      assert.deepEqual(inShort(await send(objects(1))), ['failed DICOM_CONTEXT']);
    });

    it('fewer associations than wanted: those that stand do the work', async () => {
      await play(async (wire, number) => {
        if (number <= 2) return serve(wire, success);
        await wire.asked();
        wire.send(reject(2, 3, 2));
      });
      const results = await send(objects(30), { associations: 4 });
      assert.deepEqual(new Set(inShort(results)), new Set(['success']));
      assert.equal(scp?.wires.length, 4);
    });

    it('more than 128 contexts need more associations', async () => {
      const asked: number[] = [];
      await play(async wire => {
        const what = await wire.asked();
        asked.push(what.contexts.length);
        wire.send(accept(what));
        await serveMessages(wire, success);
      });
      const many = Array.from({ length: 140 }, (_, at) => objects(1, { sopClassUid: `2.25.${at + 1}` }));
      const results = await send(many.flat());
      assert.deepEqual(asked, [128, 12]);
      assert.equal(results.length, 140);
      assert.ok(results.every(({ class: kind }) => kind === 'success'));
    });

    for (const [maxPdu, longest] of [
      [0, 256 * KIB],
      [4096, 4096],
      [131_072, 131_072],
    ] as const) {
      it(`PDUs of at most ${maxPdu} bytes`, async () => {
        const lengths: number[] = [];
        const size = 700_001;
        await play(async wire => {
          wire.send(accept(await wire.asked(), maxPdu));
          const commandPdu = await wire.next();
          assert.ok(commandPdu);
          const message = new Message(1, commandPdu.body.subarray(6), Buffer.alloc(0));
          for (let left = size; left > 0;) {
            const found = await wire.next();
            assert.equal(found?.type, PDU.data);
            lengths.push(found.body.length);
            left -= found.body.length - 6;
            assert.equal((found.body.readUInt8(5) & LAST) !== 0, left === 0);
          }
          wire.send(success(message));
          await serveMessages(wire, success);
        });
        assert.deepEqual(inShort(await send(objects(1, { bytes: size }))), ['success']);
        assert.equal(Math.max(...lengths), longest);
      });
    }
  });

  describe('that answer with a status', () => {
    for (const [status, kind] of [
      [0x0000, 'success'],
      [0xb000, 'warning'],
      [0xb007, 'warning'],
      [0xa700, 'refused'],
      [0xa900, 'failed'],
      [0xc123, 'failed'],
      [0x0122, 'refused'],
    ] as const) {
      for (const comment of ['', 'said the peer']) {
        it(`${status.toString(16)}${comment && ', with a comment'}: ${kind}`, async () => {
          await play(wire =>
            serve(wire, (message, number) =>
              number === 1
                ? answerTo(message, { 0x0900: status, ...(comment && { 0x0902: comment }) })
                : success(message),
            ),
          );
          const [first, second] = await send(objects(2));
          assert.deepEqual(
            [first?.class, first?.status, first?.comment, first?.error],
            [kind, status, comment.trim(), undefined],
          );
          // The comment is that of one answer, and of no other.
          assert.deepEqual([second?.class, second?.comment], ['success', '']);
        });
      }
    }
  });

  describe('ended from our side', () => {
    for (const [when, script] of [
      ['while it connects', () => undefined],
      ['while it waits for an answer', wire => serve(wire, () => null)],
      [
        'while the peer does not read',
        async wire => {
          wire.send(accept(await wire.asked()));
          wire.socket.pause();
        },
      ],
    ] as const satisfies readonly (readonly [string, Script])[]) {
      it(`${when}, within a second`, async () => {
        await play(script);
        const stop = new AbortController();
        const sending = send(
          objects(3, { bytes: 16 * KIB * KIB }),
          { signal: stop.signal, associations: 2 },
          { timeoutMs: 60_000 },
        );
        await until('connections', () => (scp?.wires.length ?? 0) >= 2);
        await until('bytes are on their way', () => scp?.wires[0]?.socket.bytesRead !== 0);
        const start = Date.now();
        stop.abort();
        const results = await sending;
        assert.ok(Date.now() - start < 1000, `${Date.now() - start} ms`);
        assert.equal(results.length, 3);
        assert.ok(results.every(({ error }) => error?.code === 'ABORTED'));
      });
    }

    it('before it begins: nothing leaves', async () => {
      await play(wire => serve(wire, success));
      const results = await send(objects(2), { signal: AbortSignal.abort() });
      assert.deepEqual(inShort(results), ['failed ABORTED', 'failed ABORTED']);
      assert.equal(scp?.wires.length, 0);
    });
  });

  it('an object that cannot be opened fails alone', async () => {
    await play(wire => serve(wire, success));
    const [first, second, third] = objects(3) as [Outgoing, Outgoing, Outgoing];
    const missing = {
      ...first,
      open: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })),
    };
    const results = await send([missing, second, third]);
    assert.deepEqual(inShort(results), ['failed DICOM_FILE', 'success', 'success']);
    assert.match(results[0]?.error?.text.en ?? '', /ENOENT/);
  });

  it('an object that cannot be read to its end fails alone: the others go by another association', async () => {
    await play(wire => serve(wire, success));
    const file = path.join(temporaryFolder('shorter'), 'bytes');
    fs.writeFileSync(file, Buffer.alloc(3 * KIB * KIB));
    const [first, second, third] = objects(3) as [Outgoing, Outgoing, Outgoing];
    const shorter = { ...second, open: () => openBytes(file, 0, 4 * KIB * KIB) };
    const results = await send([first, shorter, third]);
    fs.rmSync(path.dirname(file), { recursive: true });
    assert.deepEqual(inShort(results), ['success', 'failed DICOM_FILE', 'success']);
    assert.equal(scp?.wires.length, 2);
  });

  it('an object whose beginning cannot be read costs no association', async () => {
    await play(wire => serve(wire, success));
    const folder = temporaryFolder('empty');
    const file = path.join(folder, 'bytes');
    fs.writeFileSync(file, '');
    const [first, second, third] = objects(3) as [Outgoing, Outgoing, Outgoing];
    const empty = { ...second, open: () => openBytes(file, 0, 4 * KIB * KIB) };
    const results = await send([first, empty, third]);
    fs.rmSync(folder, { recursive: true });
    assert.deepEqual(inShort(results), ['success', 'failed DICOM_FILE', 'success']);
    assert.equal(scp?.wires.length, 1);
  });

  for (const [what, lostAt] of [
    ['all arrive', 100],
    ['the association is lost while others are read ahead', 3],
  ] as const) {
    it(`each object is opened once at a time, and closed: ${what}`, async () => {
      let arrived = 0;
      await play((wire, number) =>
        serve(wire, message => {
          arrived++;
          if (number > 1 || arrived < lostAt) return success(message);
          wire.socket.resetAndDestroy();
          return null;
        }),
      );
      let open = 0;
      let opened = 0;
      let mostOpen = 0;
      const some = objects(20).map(object => ({
        ...object,
        open: async () => {
          const bytes = await object.open();
          opened++;
          mostOpen = Math.max(mostOpen, ++open);
          return {
            readInto: (targets: readonly Buffer[]) => bytes.readInto(targets),
            close: () => Promise.resolve(void open--),
          };
        },
      }));
      const results = await send(some);
      const sent = results.filter(({ class: kind }) => kind === 'success').length;
      assert.deepEqual([sent, arrived], lostAt > some.length ? [20, 20] : [lostAt - 1, lostAt]);
      // That on its way, the two that are next, and one that is being closed.
      assert.ok(mostOpen <= 4, String(mostOpen));
      assert.ok(opened <= arrived + 2, String(opened));
      assert.equal(open, 0);
    });
  }

  it('a peer that releases after each object gets all', async () => {
    await play(async wire => {
      wire.send(accept(await wire.asked()));
      const message = await wire.message();
      assert.ok(message);
      wire.send(success(message), pdu(PDU.releaseRq));
      await wire.next();
    });
    assert.deepEqual(inShort(await send(objects(3))), ['success', 'success', 'success']);
    assert.equal(scp?.wires.length, 3);
  });

  it('C-ECHO and C-FIND end in words too', async () => {
    await play(wire => serve(wire, message => answerTo(message, { 0x0900: 0x0122 })));
    await assert.rejects(echo(peer()), /0122.*SOP class not supported/);
    await assert.rejects(
      withQueries(peer(), 'STUDY', undefined, queries => queries.find('STUDY', { StudyInstanceUID: '' })),
      /C-FIND.*0122/,
    );
  });

  for (const [what, bytes] of [
    ['too long', Buffer.alloc(1024 * KIB + 10_000)],
    ['garbage', Buffer.from('garbage that is no data set at all')],
  ] as const) {
    it(`an answer to C-FIND that is ${what} is an error of ours`, async () => {
      await play(wire =>
        serve(wire, message =>
          Buffer.concat([
            answerTo(message, { 0x0800: 0, 0x0900: 0xff00 }),
            ...pieces(message.contextId, bytes),
          ]),
        ),
      );
      const start = Date.now();
      await assert.rejects(
        withQueries(peer(), 'STUDY', undefined, queries => queries.find('STUDY', { StudyInstanceUID: '' })),
        ExchangeError,
      );
      assert.ok(Date.now() - start < 1500, `${Date.now() - start} ms`);
    });
  }
});

/** A data set in PDUs that we take. */
function pieces(contextId: number, bytes: Buffer): Buffer[] {
  const length = 16_000;
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) => {
    const end = (at + 1) * length;
    return data(contextId, end >= bytes.length ? LAST : 0, bytes.subarray(at * length, end));
  });
}

/** The same PDU, whose last item promises more than there is. */
function cut(whole: Buffer): Buffer {
  const bytes = Buffer.from(whole.subarray(0, whole.length - 3));
  bytes.writeUInt32BE(bytes.length - 6, 2);
  return bytes;
}
