/** Our station and callers that do wrong: each is answered or cut off, nothing is left behind, the others go on. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type tls from 'node:tls';
import zlib from 'node:zlib';
import { MemoryBytes } from '../../lib/dicom/byte-source';
import { DiskPace } from '../../lib/dicom/disk-pace';
import { echo } from '../../lib/dicom/echo';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import type { ProposedContext } from '../../lib/dicom/pdu';
import type { Peer } from '../../lib/dicom/request-association';
import type { StoredObject } from '../../lib/dicom/source';
import { Station, type StationOptions } from '../../lib/dicom/storage-scp';
import { storeObjects } from '../../lib/dicom/store-scu';
import { ExchangeError, type Text } from '../../lib/errors';
import {
  CT_IMAGE,
  SYNTAX,
  type TestElement,
  UID_ROOT,
  element,
  imageElements,
  openSequence,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';
import {
  COMMAND,
  ECHO_RQ,
  LAST,
  PDU,
  type Pdu,
  STORE_RQ,
  type Values,
  type Wire,
  abort,
  accept,
  command,
  commandData,
  connectTo,
  data,
  pdu,
  request,
  startScp,
  uint32,
} from '../support/dicom-peer';
import { type Certificates, makeCertificates } from '../support/misbehaving-server';
import { freePort } from '../support/port';
import { filesBelow, temporaryFolder } from '../support/report-files';
import { until } from '../support/until';

const MIB = 1024 * 1024;
const VERIFICATION = '1.2.840.10008.1.1';
const SOP = `${UID_ROOT}.3`;
const STUDY = `${UID_ROOT}.1`;

const CONTEXTS: readonly ProposedContext[] = [
  { id: 1, abstractSyntax: CT_IMAGE, transferSyntaxes: [SYNTAX.explicit] },
  { id: 3, abstractSyntax: VERIFICATION, transferSyntaxes: [SYNTAX.implicit] },
];

const dataSet = (changed: Readonly<Record<number, TestElement | null>> = {}): Buffer =>
  writeDataSet(imageElements(changed), writingOf(SYNTAX.explicit));

/** A private element longer than what is written at once. */
const LONG = element(0x00090011, 'OB', Buffer.alloc(MIB, 2));

const pixels = (bytes: number): Buffer =>
  dataSet({ 0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(bytes, 1)) });

const storeCommand = (changed: Values = {}): Values => ({
  0x0002: CT_IMAGE,
  0x0100: STORE_RQ,
  0x0110: 7,
  0x0700: 0,
  0x0800: 0,
  0x1000: SOP,
  ...changed,
});

/** A data set, or the beginning of one, in as many PDUs as it takes. */
function inPdus(bytes: Buffer, length = 65_536, isWhole = true): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    const isLast = isWhole && at + length >= bytes.length;
    parts.push(data(1, isLast ? LAST : 0, bytes.subarray(at, at + length)));
  }
  return Buffer.concat(parts);
}

describe('DICOM: the station and its callers', () => {
  let folder: string;
  let station: Station | undefined;
  let port: number;
  let received: StoredObject[];
  let ended: number[];
  let problems: Text[];
  let transfers: string[];
  const wires: Wire[] = [];

  beforeEach(() => {
    folder = temporaryFolder('station');
    [received, ended, problems, transfers] = [[], [], [], []];
  });
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.socket.destroy();
    await station?.close();
    station = undefined;
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const open = async (
    changed: Partial<StationOptions> & { mostBytes?: number; pace?: DiskPace } = {},
  ): Promise<void> => {
    const { mostBytes = 4 * MIB, pace, ...options } = changed;
    port = await freePort();
    station = new Station(
      {
        aeTitle: 'STATION',
        host: '127.0.0.1',
        port,
        allowedAeTitles: new Set(),
        admitsAddress: () => true,
        checkCalledAeTitle: true,
        associations: 4,
        timeoutMs: 2000,
        maxPdu: 131_072,
        folder: new ObjectFolder(folder, mostBytes, pace),
        ...options,
      },
      {
        onObject: object => {
          received.push(object);
          return Promise.resolve();
        },
        onAssociationEnd: number => void ended.push(number),
        onProblem: text => void problems.push(text),
        onTransfer: (caller, { result, bytes }) => void transfers.push(`${caller} ${result} ${bytes}`),
      },
    );
    await station.listen();
  };
  const connect = async (secure?: tls.ConnectionOptions): Promise<Wire> => {
    const wire = await connectTo(port, secure);
    wires.push(wire);
    return wire;
  };
  /** Asks for an association; gives the answer. */
  const ask = async (
    wire: Wire,
    { called = 'STATION', calling = 'SENDER', contexts = CONTEXTS } = {},
  ): Promise<Pdu | null> => {
    wire.send(request({ called, calling, maxPdu: 16_384, contexts }));
    return wire.next();
  };
  const associate = async (): Promise<Wire> => {
    const wire = await connect();
    assert.equal((await ask(wire))?.type, PDU.associateAc);
    return wire;
  };
  const store = async (wire: Wire, bytes = dataSet(), changed: Values = {}): Promise<number | undefined> => {
    wire.send(commandData(1, storeCommand(changed)), inPdus(bytes));
    return (await wire.message())?.status;
  };
  /** The station is as it was: nothing unfinished lies about, and it takes an object. */
  const works = async (): Promise<void> => {
    await until('nothing unfinished', () => fs.readdirSync(path.join(folder, '.unfinished')).length === 0);
    const wire = await associate();
    assert.equal(await store(wire), 0);
    assert.equal(received.at(-1)?.sopInstanceUid, SOP);
    wire.send(pdu(PDU.releaseRq));
    assert.equal((await wire.next())?.type, PDU.releaseRp);
    await wire.closed();
  };
  /** What comes is an abort, then nothing. */
  const isAborted = async (wire: Wire): Promise<void> => {
    assert.equal((await wire.next())?.type, PDU.abort);
    assert.equal(await wire.next(), null);
  };
  const problem = (): string => problems.map(({ en }) => en).join('\n');

  it('keeps an object as it came, answers C-ECHO, and releases', async () => {
    await open();
    const wire = await associate();
    assert.equal(await store(wire), 0);
    assert.deepEqual(transfers, [`SENDER success ${dataSet().length}`]);
    assert.equal(station?.openAssociations, 1);
    wire.send(commandData(3, { 0x0002: VERIFICATION, 0x0100: ECHO_RQ, 0x0110: 8, 0x0800: 0x0101 }));
    const answer = await wire.message();
    assert.deepEqual([answer?.field, answer?.number(0x0120), answer?.status], [0x8030, 8, 0]);
    wire.send(pdu(PDU.releaseRq));
    assert.equal((await wire.next())?.type, PDU.releaseRp);
    assert.equal(await wire.next(), null);
    await until('the end of the association', () => ended.length === 1);
    assert.equal(station?.openAssociations, 0);
    const file = fs.readFileSync(path.join(folder, STUDY, `${SOP}.dcm`));
    assert.ok(file.subarray(-dataSet().length).equals(dataSet()));
    assert.deepEqual(problems, []);
  });

  it('finds what identifies an object behind a long element, and in pieces of any size', async () => {
    await open();
    const bytes = dataSet({ 0x00090011: LONG });
    for (const length of [3, 1000, 16_000]) {
      const wire = await associate();
      wire.send(commandData(1, storeCommand()), inPdus(bytes.subarray(0, 1000), length, false));
      wire.send(inPdus(bytes.subarray(1000, -1000), 16_000, false), inPdus(bytes.subarray(-1000), length));
      assert.equal((await wire.message())?.status, 0);
      assert.equal(received.at(-1)?.studyInstanceUid, STUDY);
      const file = fs.readFileSync(path.join(folder, STUDY, `${SOP}.dcm`));
      assert.ok(file.subarray(-bytes.length).equals(bytes));
    }
  });

  it('passes a hundred long elements, but no walk without end, on the way to it', async () => {
    await open({ mostBytes: 32 * MIB });
    const wire = await associate();
    const tags = Array.from({ length: 100 }, (_, at) => 0x00091000 + at);
    const long = Object.fromEntries(tags.map(tag => [tag, element(tag, 'OB', Buffer.alloc(66_000))]));
    wire.send(commandData(1, storeCommand()), inPdus(dataSet(long), 100_000));
    assert.equal((await wire.message())?.status, 0);
    const items = Array.from({ length: 40 }, () => [element(0x00091002, 'OB', Buffer.alloc(120_000))]);
    const walk = { 0x00091001: openSequence(0x00091001, items) };
    wire.send(commandData(1, storeCommand()), inPdus(dataSet(walk), 100_000));
    assert.equal((await wire.message())?.status, 0);
    const short = Array.from({ length: 70_000 }, () => [element(0x00091002, 'US', Buffer.alloc(58))]);
    wire.send(
      commandData(1, storeCommand()),
      inPdus(dataSet({ 0x00091001: openSequence(0x00091001, short) }), 100_000),
    );
    assert.equal((await wire.message())?.status, 0xc000);
  });

  it('reads a deflated object when it is whole', async () => {
    await open();
    const wire = await connect();
    const contexts = [{ id: 1, abstractSyntax: CT_IMAGE, transferSyntaxes: [SYNTAX.deflated] }];
    assert.equal((await ask(wire, { contexts }))?.type, PDU.associateAc);
    for (const [bytes, status] of [
      [zlib.deflateRawSync(dataSet({ 0x0020000d: element(0x0020000d, 'UI', '1.2.3') })), 0],
      [zlib.deflateRawSync(dataSet({ 0x00080018: element(0x00080018, 'UI', '1.2.4') })), 0xa900],
      [Buffer.alloc(3000, 0xee), 0xc000],
      [zlib.deflateRawSync(dataSet()).subarray(0, 20), 0xc000],
    ] as const)
      assert.equal(await store(wire, bytes), status);
    assert.deepEqual(filesBelow(folder), [path.join('1.2.3', `${SOP}.dcm`)]);
    assert.equal(received[0]?.transferSyntaxUid, SYNTAX.deflated);
  });

  it('takes UIDs with leading zeros, as some devices make them', async () => {
    await open();
    const changed = {
      0x00080018: element(0x00080018, 'UI', '1.2.03.4'),
      0x0020000d: element(0x0020000d, 'UI', '1.2.007'),
    };
    assert.equal(await store(await associate(), dataSet(changed), { 0x1000: '1.2.03.4' }), 0);
    assert.equal(received[0]?.file, path.join(folder, '1.2.007', '1.2.03.4.dcm'));
  });

  describe('turns away', () => {
    const rejection = async (...asked: Parameters<typeof ask>): Promise<number[]> => {
      const answer = await ask(...asked);
      assert.equal(answer?.type, PDU.associateRj);
      return [...answer.body.subarray(1)];
    };

    it('who calls another AE', async () => {
      await open();
      assert.deepEqual(await rejection(await connect(), { called: 'OTHER' }), [1, 1, 7]);
      assert.match(problem(), /SENDER \(127\.0\.0\.1:\d+\) with OTHER: it calls another AE title/);
      await works();
    });

    it('whose AE title is not allowed', async () => {
      await open({ allowedAeTitles: new Set(['SENDER']) });
      assert.deepEqual(await rejection(await connect(), { calling: 'STRANGER' }), [1, 1, 3]);
      await works();
    });

    it('whose address is not allowed', async () => {
      await open({ admitsAddress: address => address !== '127.0.0.1' });
      assert.deepEqual(await rejection(await connect()), [1, 1, 3]);
    });

    it('by closing at once, who comes while as many wait as may', async () => {
      await open({ associations: 2, timeoutMs: 10_000 });
      const idle = await Promise.all(Array.from({ length: 66 }, () => connect()));
      const late = await connect();
      await until('the late one is closed', () => late.socket.closed);
      assert.equal(idle.filter(({ socket }) => socket.closed).length, 0);
      idle[0]?.socket.destroy();
      await until('a place is free', async () => {
        const wire = await connect();
        return (await ask(wire).catch(() => null))?.type === PDU.associateAc;
      });
    });

    it('who comes when the associations are at their limit', async () => {
      await open({ associations: 2 });
      const answers = await Promise.all(
        Array.from({ length: 5 }, async () => (await ask(await connect()))?.type),
      );
      assert.equal(answers.filter(type => type === PDU.associateAc).length, 2);
      assert.deepEqual(await rejection(await connect()), [2, 3, 2]);
      for (const wire of wires.splice(0)) wire.socket.destroy();
      await until('the associations have ended', () => ended.length === 2);
      await works();
    });
  });

  describe('before an association: aborts', () => {
    for (const [what, bytes] of [
      ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['a request of 64 MB', pdu(PDU.associateRq, Buffer.alloc(1000), 64 * MIB)],
      ['data', data(1, LAST, Buffer.alloc(100))],
      ['a request too short', pdu(PDU.associateRq, Buffer.alloc(30))],
      ['an answer', accept({ called: 'STATION', calling: 'A', maxPdu: 0, contexts: [] })],
      ['a release', pdu(PDU.releaseRq)],
    ] as const) {
      it(what, async () => {
        await open();
        const wire = await connect();
        wire.send(bytes);
        await isAborted(wire);
        await works();
      });
    }

    it('half a header and then silence, in time', async () => {
      await open({ timeoutMs: 200 });
      const wire = await connect();
      wire.send(Buffer.from([1, 0, 0]));
      await wire.closed();
      await works();
    });

    it('nobody who only looks whether the port is open', async () => {
      await open();
      const wire = await connect();
      wire.socket.end();
      await wire.closed();
      await works();
      assert.deepEqual(problems, []);
    });
  });

  describe('in an association: aborts', () => {
    for (const [what, bytes] of [
      ['garbage', randomBytes(200).fill(0x77, 0, 1)],
      ['a PDU of 64 MB', pdu(PDU.data, Buffer.alloc(1000), 64 * MIB)],
      ['a value longer than its PDU', pdu(PDU.data, Buffer.concat([uint32(64 * MIB), Buffer.alloc(100)]))],
      ['a garbage command set', data(1, COMMAND | LAST, Buffer.alloc(40, 0xee))],
      ['a command set cut off', data(1, COMMAND | LAST, command(storeCommand()).subarray(0, -5))],
      ['a data set without a command', data(1, LAST, Buffer.alloc(40))],
      [
        'a command within a data set',
        Buffer.concat([
          commandData(1, storeCommand()),
          data(1, 0, Buffer.alloc(40)),
          commandData(1, storeCommand()),
        ]),
      ],
      [
        'a data set in another context',
        Buffer.concat([commandData(1, storeCommand()), data(3, LAST, Buffer.alloc(40))]),
      ],
      [
        'a release within an object',
        Buffer.concat([commandData(1, storeCommand()), data(1, 0, Buffer.alloc(40)), pdu(PDU.releaseRq)]),
      ],
      ['a second request', request({ called: 'STATION', calling: 'SENDER', maxPdu: 0, contexts: CONTEXTS })],
    ] as const) {
      it(what, async () => {
        await open();
        const wire = await associate();
        wire.send(bytes);
        await isAborted(wire);
        await until('it is told', () => problems.length > 0);
        assert.match(problem(), /does not speak DICOM as agreed/);
        await works();
      });
    }

    for (const [what, bytes] of [
      ['half a header', Buffer.from([4, 0, 0])],
      ['half an object', Buffer.concat([commandData(1, storeCommand()), data(1, 0, Buffer.alloc(40))])],
    ] as const) {
      it(`${what} and then silence, in time`, async () => {
        await open({ timeoutMs: 200 });
        const wire = await associate();
        wire.send(bytes);
        await wire.closed();
        await works();
      });
    }
  });

  describe('in an association: answers', () => {
    it('an unknown command with 0211, and goes on', async () => {
      await open();
      const wire = await associate();
      wire.send(commandData(1, { 0x0100: 0x0042, 0x0110: 5, 0x0800: 0x0101 }));
      const answer = await wire.message();
      assert.deepEqual([answer?.field, answer?.number(0x0120), answer?.status], [0x8042, 5, 0x0211]);
      wire.send(commandData(1, { 0x0100: 0x0020, 0x0110: 6, 0x0800: 0 }), inPdus(dataSet()));
      assert.equal((await wire.message())?.status, 0x0211);
      assert.equal(await store(wire), 0);
    });

    for (const [what, status, bytes, changed] of [
      ['a garbage data set', 0xc000, Buffer.alloc(5000, 0xee), {}],
      ['text for a data set', 0xc000, Buffer.from('no data set, only words '.repeat(20)), {}],
      ['an empty data set', 0xc000, Buffer.alloc(0), {}],
      ['a data set that ends within an element', 0xc000, dataSet().subarray(0, 100), {}],
      [
        'a data set that ends within a long element',
        0xc000,
        dataSet({ 0x00090011: LONG }).subarray(0, 900_000),
        {},
      ],
      [
        'an element without a value representation',
        0xc000,
        dataSet({ 0x00091001: element(0x00091001, '12', 'odd') }),
        {},
      ],
      ['a data set without a study', 0xc000, dataSet({ 0x0020000d: null }), {}],
      [
        'a study UID with characters of a path',
        0xc000,
        dataSet({ 0x0020000d: element(0x0020000d, 'UI', '../../1.2') }),
        {},
      ],
      ['another SOP instance than announced', 0xa900, dataSet(), { 0x1000: '1.2.3.4' }],
      [
        'another SOP class than announced',
        0xa900,
        dataSet({ 0x00080016: element(0x00080016, 'UI', '1.2.3') }),
        {},
      ],
      ['an instance UID with characters of a path', 0x0117, dataSet(), { 0x1000: '../../../etc/x' }],
      ['an instance UID of dots', 0x0117, dataSet(), { 0x1000: '..' }],
      ['an instance UID too long', 0x0117, dataSet(), { 0x1000: `1.${'2'.repeat(70)}` }],
      ['another SOP class than that of the context', 0x0117, dataSet(), { 0x0002: '1.2.3' }],
    ] as const satisfies readonly (readonly [string, number, Buffer, Values])[]) {
      it(`${what} with ${status.toString(16)}`, async () => {
        await open();
        const wire = await associate();
        const sent = bytes.length === 0 ? data(1, LAST, bytes) : inPdus(bytes);
        wire.send(commandData(1, storeCommand(changed)), sent);
        assert.equal((await wire.message())?.status, status);
        assert.deepEqual(filesBelow(folder), []);
        assert.deepEqual(received, []);
        // The association goes on.
        assert.equal(await store(wire), 0);
        assert.deepEqual(filesBelow(folder), [path.join(STUDY, `${SOP}.dcm`)]);
      });
    }

    it('an object over the size limit with A700, and goes on', async () => {
      await open({ mostBytes: 2 * MIB });
      const wire = await associate();
      assert.equal(await store(wire, pixels(3 * MIB)), 0xa700);
      assert.deepEqual(transfers, [`SENDER refused ${pixels(3 * MIB).length}`]);
      assert.match(problem(), /size limit/);
      assert.deepEqual(filesBelow(folder), []);
      assert.equal(await store(wire), 0);
    });

    it('an object far over the size limit with A700, and ends', async () => {
      await open({ mostBytes: MIB });
      const wire = await associate();
      assert.equal(await store(wire, pixels(40 * MIB)), 0xa700);
      await isAborted(wire);
      await works();
    });
  });

  for (const [how, isLocal] of [
    ['at once', true],
    ['in threads', false],
  ] as const)
    describe(`with the disk, whose short calls are made ${how}`, () => {
      const real = { ...fs };
      const { rename } = fs.promises;
      afterEach(() => {
        const { writev, writevSync, fdatasync, fsync, renameSync } = real;
        Object.assign(fs, { writev, writevSync, fdatasync, fsync, renameSync });
        fs.promises.rename = rename;
      });
      /** What is done from now on, when it has been done. */
      const watch = (failFirstSync = false): string[] => {
        const done: string[] = [];
        const noted =
          <T extends unknown[]>(what: string, callback: (...results: T) => void) =>
          (...results: T): void => {
            done.push(what);
            callback(...results);
          };
        let syncs = 0;
        Object.assign(fs, {
          writev: (descriptor: number, pieces: Buffer[], callback: Parameters<typeof fs.writev>[3]) =>
            real.writev(descriptor, pieces, null, noted('write', callback)),
          writevSync: (descriptor: number, pieces: Buffer[]) => {
            done.push('write');
            return real.writevSync(descriptor, pieces);
          },
          fdatasync: (descriptor: number, callback: fs.NoParamCallback) => {
            if (failFirstSync && syncs++ === 0)
              callback(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' }));
            else real.fdatasync(descriptor, noted('data kept', callback));
          },
          fsync: (descriptor: number, callback: fs.NoParamCallback) =>
            real.fsync(descriptor, noted('name kept', callback)),
          renameSync: (from: string, to: string) => {
            real.renameSync(from, to);
            done.push('rename at once');
          },
        });
        fs.promises.rename = async (from, to) => {
          await rename(from, to);
          done.push('rename in threads');
        };
        return done;
      };
      const renamed = `rename ${how}`;

      it('answers when an object, the folder of its study and its name are kept', async () => {
        await open({ mostBytes: 64 * MIB, pace: new DiskPace(isLocal, () => 0) });
        const wire = await associate();
        const done = watch();
        assert.equal(await store(wire), 0);
        assert.deepEqual(
          done.toSorted(),
          ['data kept', 'name kept', 'name kept', renamed, 'write'].toSorted(),
        );
        assert.deepEqual(done.slice(-2), [renamed, 'name kept']);
        done.length = 0;
        // The folder is there.
        assert.equal(await store(wire), 0);
        assert.deepEqual(done, ['write', 'data kept', renamed, 'name kept']);
      });

      it('keeps a large object while it comes', async () => {
        await open({ mostBytes: 64 * MIB, pace: new DiskPace(isLocal, () => 0) });
        const wire = await associate();
        const done = watch();
        assert.equal(await store(wire, pixels(40 * MIB)), 0);
        assert.ok(done.indexOf('data kept') < done.lastIndexOf('write'), done.join());
        const [last, ...before] = done.filter(one => one !== 'name kept').toReversed();
        assert.deepEqual([last, before[0]], [renamed, 'data kept']);
      });

      it('does not forget that it once failed to', async () => {
        await open({ mostBytes: 64 * MIB, pace: new DiskPace(isLocal, () => 0) });
        const wire = await associate();
        watch(true);
        assert.equal(await store(wire, pixels(40 * MIB)), 0xa700);
        assert.deepEqual(filesBelow(folder), []);
      });
    });

  describe('when the disk fails', () => {
    /** Big enough that the connection would be held up if nobody read it. */
    const large = pixels(4 * MIB);
    const { writev, writevSync, fdatasync, fsync } = fs;
    const repaired = (): void => void Object.assign(fs, { writev, writevSync, fdatasync, fsync });
    /** From now on one call fails, by whomever. */
    const failing = (call: 'writev' | 'fdatasync' | 'fsync', code: string): void => {
      const error = Object.assign(new Error(code), { code, syscall: call });
      Object.assign(fs, {
        [call]: (...args: unknown[]) => {
          const done = args.at(-1) as (error: Error) => void;
          done(error);
        },
        ...(call === 'writev' && {
          writevSync: () => {
            throw error;
          },
        }),
      });
    };
    afterEach(repaired);

    for (const [what, damage, repair] of [
      [
        'there is no folder',
        () => fs.rmSync(folder, { recursive: true }),
        () => fs.mkdirSync(path.join(folder, '.unfinished'), { recursive: true }),
      ],
      [
        'a file is in place of the folder',
        () => {
          fs.rmSync(folder, { recursive: true });
          fs.writeFileSync(folder, '');
        },
        () => {
          fs.rmSync(folder);
          fs.mkdirSync(path.join(folder, '.unfinished'), { recursive: true });
        },
      ],
      [
        "a file is in place of the study's folder",
        () => fs.writeFileSync(path.join(folder, STUDY), ''),
        () => fs.rmSync(path.join(folder, STUDY)),
      ],
      ['the disk is full', () => failing('writev', 'ENOSPC'), repaired],
      ['the disk does not keep what was written', () => failing('fdatasync', 'EIO'), repaired],
      ['the disk does not keep its name', () => failing('fsync', 'EIO'), repaired],
    ] as const) {
      it(`answers A700, and goes on: ${what}`, async () => {
        await open({ mostBytes: 8 * MIB });
        const wire = await associate();
        damage();
        assert.equal(await store(wire, large), 0xa700);
        assert.match(problem(), /no room on the disk, or it fails/);
        repair();
        assert.equal(await store(wire, large), 0);
        assert.equal(received.length, 1);
      });
    }
  });

  for (const [how, end] of [
    ['aborted', wire => wire.send(abort(0))],
    ['closed', wire => void wire.socket.end()],
    ['reset', wire => void wire.socket.resetAndDestroy()],
  ] as const satisfies readonly (readonly [string, (wire: Wire) => void])[]) {
    it(`leaves nothing behind of an object in whose middle the association is ${how}`, async () => {
      await open();
      const wire = await associate();
      wire.send(commandData(1, storeCommand()), data(1, 0, pixels(50_000)));
      await until('it is written', () => fs.readdirSync(path.join(folder, '.unfinished')).length === 1);
      end(wire);
      await until('the end of the association', () => ended.length === 1);
      await works();
      assert.deepEqual(filesBelow(folder), [path.join(STUDY, `${SOP}.dcm`)]);
    });
  }

  it('closes at once, whatever its callers do', async () => {
    await open();
    const atWork = await associate();
    atWork.send(commandData(1, storeCommand()), data(1, 0, pixels(50_000)));
    const silent = await connect();
    silent.send(Buffer.from([1]));
    await until('it is written', () => fs.readdirSync(path.join(folder, '.unfinished')).length === 1);
    const start = Date.now();
    await station?.close();
    assert.ok(Date.now() - start < 1000, `${Date.now() - start} ms`);
    assert.equal((await atWork.next())?.type, PDU.abort);
    await until('nothing unfinished', () => fs.readdirSync(path.join(folder, '.unfinished')).length === 0);
  });

  describe('with TLS', () => {
    let certificates: Certificates;
    before(() => {
      certificates = makeCertificates();
    });

    const openSecure = (): Promise<void> =>
      open({
        tls: { ...certificates.good, ca: certificates.ca, requestCert: true, rejectUnauthorized: true },
      });
    const peer = (changes: Partial<Peer> = {}): Peer => ({
      host: 'localhost',
      port,
      aeTitle: 'STATION',
      callingAeTitle: 'SENDER',
      connectTimeoutMs: 1000,
      timeoutMs: 1000,
      maxPdu: 131_072,
      tls: { ca: certificates.ca, ...certificates.client },
      ...changes,
    });
    const failureOf = async (who: Peer): Promise<ExchangeError> => {
      try {
        await echo(who);
      } catch (error) {
        assert.ok(error instanceof ExchangeError);
        return error;
      }
      return assert.fail('no failure');
    };

    it('serves who has a certificate', async () => {
      await openSecure();
      await echo(peer());
      const [result] = await storeObjects(
        peer(),
        [
          {
            sopClassUid: CT_IMAGE,
            sopInstanceUid: SOP,
            transferSyntaxUid: SYNTAX.explicit,
            open: () => Promise.resolve(new MemoryBytes(dataSet())),
          },
        ],
        { associations: 1 },
      );
      assert.equal(result?.class, 'success');
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`turns away who has none (${version}), in words on both sides`, async () => {
        await openSecure();
        const error = await failureOf(
          peer({ tls: { ca: certificates.ca, minVersion: version, maxVersion: version } }),
        );
        assert.deepEqual([error.code, error.retry], ['TLS', 'never']);
        assert.match(error.text.zh, /TLS 握手失败.*证书/);
        await until('it is told', () => problems.length > 0);
        assert.match(problem(), /TLS with 127\.0\.0\.1 failed/);
        await echo(peer());
      });
    }

    it('is not believed with the certificate of another', async () => {
      await open({ tls: certificates.selfSigned });
      const error = await failureOf(peer());
      assert.deepEqual([error.code, error.retry], ['TLS', 'never']);
    });

    it('ends a plain caller', async () => {
      await openSecure();
      const wire = await connect();
      wire.send(request({ called: 'STATION', calling: 'SENDER', maxPdu: 0, contexts: CONTEXTS }));
      await wire.closed();
      await until('it is told', () => problems.length > 0);
      await echo(peer());
    });

    it('does not wait for a handshake when it closes', async () => {
      await openSecure();
      const wire = await connect();
      wire.send(Buffer.from([0x16, 3]));
      await echo(peer());
      const start = Date.now();
      await station?.close();
      assert.ok(Date.now() - start < 1000, `${Date.now() - start} ms`);
      await wire.closed();
    });

    for (const [how, script] of [
      ['answers with an abort', wire => void wire.socket.end(abort(2, 1))],
      ['closes', wire => void wire.socket.end()],
      ['waits for the rest of the PDU', () => undefined],
    ] as const satisfies readonly (readonly [string, (wire: Wire) => void])[]) {
      it(`names TLS when the peer has none, and ${how}`, async () => {
        const scp = await startScp(async wire => {
          await new Promise(resolve => wire.socket.once('data', resolve));
          script(wire);
        });
        const error = await failureOf(peer({ port: scp.port, host: '127.0.0.1', connectTimeoutMs: 300 }));
        await scp.close();
        assert.equal(error.code, 'TLS');
        assert.match(error.text.en, /whether the peer has TLS/);
      });
    }

    it('says so when we call a TLS peer without TLS', async () => {
      await openSecure();
      const { tls: _, ...plain } = peer();
      const error = await failureOf(plain);
      assert.ok(['TRANSPORT_NOT_SENT', 'DICOM_PROTOCOL'].includes(error.code), error.code);
    });
  });
});
