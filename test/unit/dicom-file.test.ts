import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { ExchangeError } from '../../lib/errors';
import { type DataElement, ElementReader } from '../../lib/dicom/element-reader';
import { FileMeta, isUid, readObject } from '../../lib/dicom/part10';
import { TRANSFER_SYNTAXES, transferSyntaxOf } from '../../lib/dicom/transfer-syntax';
import {
  CT_IMAGE,
  element,
  fileOf,
  fragments,
  imageElements,
  imageFile,
  itemHeader,
  metaOf,
  openSequence,
  SYNTAX,
  type TestElement,
  UID_ROOT,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';

const EXPLICIT = writingOf(SYNTAX.explicit);

const reasonOf = async (data: string | Buffer): Promise<unknown> => {
  const error = await readObject(data).then(
    () => assert.fail('was read'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof ExchangeError, String(error));
  assert.deepEqual([error.code, error.retry], ['DICOM_FILE', 'never']);
  assert.match(error.message, /[\u4e00-\u9fff].* \| \w/s);
  return error.details['reason'];
};

describe('DICOM transfer syntaxes', () => {
  it('know how each is written', () => {
    assert.deepEqual(transferSyntaxOf(SYNTAX.implicit).explicitVr, false);
    assert.deepEqual(transferSyntaxOf(SYNTAX.bigEndian).littleEndian, false);
    assert.deepEqual(transferSyntaxOf(SYNTAX.deflated).deflated, true);
    assert.deepEqual(transferSyntaxOf(SYNTAX.jpeg).encapsulated, true);
    assert.equal(transferSyntaxOf('1.2.840.10008.1.2.4.201').name, 'High-Throughput JPEG 2000 Lossless');
    assert.ok([...TRANSFER_SYNTAXES.keys()].every(isUid));
  });
  it('take an unknown one for explicit little endian, encapsulated', () => {
    assert.deepEqual(transferSyntaxOf(`${UID_ROOT}.5`), {
      uid: `${UID_ROOT}.5`,
      name: `${UID_ROOT}.5`,
      explicitVr: true,
      littleEndian: true,
      deflated: false,
      encapsulated: true,
    });
  });
});

describe('UIDs', () => {
  for (const uid of ['1.2', '2.25.0', `1.${'1'.repeat(62)}`]) it(`takes ${uid}`, () => assert.ok(isUid(uid)));
  for (const uid of [
    '',
    '1',
    '1.',
    '.1',
    '1..2',
    '1.02',
    '1.2 ',
    '1.2/3',
    '../1',
    `1.${'1'.repeat(63)}`,
    '１.２',
  ])
    it(`refuses “${uid}”`, () => assert.ok(!isUid(uid)));
});

describe('DICOM files', () => {
  let folder: string;
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dicom-file-'))));
  after(() => fs.rmSync(folder, { recursive: true }));

  const write = (bytes: Buffer): string => {
    const file = path.join(folder, 'object.dcm');
    fs.writeFileSync(file, bytes);
    return file;
  };

  for (const [name, syntax] of Object.entries(SYNTAX)) {
    it(`tells the identity of an image in ${name}, from memory and from disk`, async () => {
      const bytes = imageFile(syntax);
      const { data, offset, length, ...identity } = await readObject(bytes);
      assert.equal(data, bytes);
      assert.deepEqual(identity, {
        sopClassUid: CT_IMAGE,
        sopInstanceUid: `${UID_ROOT}.3`,
        transferSyntaxUid: syntax,
        studyInstanceUid: `${UID_ROOT}.1`,
        seriesInstanceUid: `${UID_ROOT}.2`,
        patientId: 'P0001',
        accessionNumber: 'ACC0001',
        modality: 'CT',
      });
      assert.equal(offset + length, bytes.length);
      const plain =
        syntax === SYNTAX.deflated ? zlib.inflateRawSync(bytes.subarray(offset)) : bytes.subarray(offset);
      assert.deepEqual(plain.readUInt32BE(0), syntax === SYNTAX.bigEndian ? 0x00080008 : 0x08000800);
      const file = write(bytes);
      assert.deepEqual(await readObject(file), { ...identity, data: file, offset, length });
    });
  }
  it('reads no more of a file than its start, whatever its size', async () => {
    const file = write(imageFile());
    fs.truncateSync(file, 8 * 1024 ** 3);
    const before = process.memoryUsage().rss;
    assert.equal((await readObject(file)).patientId, 'P0001');
    assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
  });
  it('passes long values without reading them', async () => {
    const icon = element(0x00090010, 'OB', Buffer.alloc(20 * 1024 * 1024));
    assert.equal(
      (await readObject(write(imageFile(SYNTAX.explicit, { [icon.tag]: icon })))).patientId,
      'P0001',
    );
  });
  it('gives up where 4 MiB of sequences without lengths stand before the identity', async () => {
    const long = openSequence(
      0x00081115,
      Array.from({ length: 50_000 }, () => [
        element(0x00081155, 'UI', '1.2.3'),
        element(0x00080054, 'AE', 'A'.repeat(64)),
      ]),
    );
    assert.equal(await reasonOf(imageFile(SYNTAX.explicit, { [long.tag]: long })), 'malformed');
  });
  it('is not tricked by a deflate bomb', async () => {
    const bomb = fileOf(zlib.deflateRawSync(Buffer.alloc(64 * 1024 * 1024)), { syntax: SYNTAX.deflated });
    assert.equal(await reasonOf(bomb), 'malformed');
  });
  it('reads a deflated data set with the header of zlib', async () => {
    const dataSet = zlib.deflateSync(writeDataSet(imageElements(), EXPLICIT));
    assert.equal((await readObject(fileOf(dataSet, { syntax: SYNTAX.deflated }))).patientId, 'P0001');
  });
  it('finds the data set without a group length, and with a wrong one', async () => {
    const dataSet = writeDataSet(imageElements(), EXPLICIT);
    for (const groupLength of [undefined, -2, 2, 1_000_000]) {
      const source = await readObject(fileOf(dataSet, { groupLength }));
      assert.deepEqual(source.length, dataSet.length, String(groupLength));
    }
  });
  it('reads a Patient ID in GB18030, also where that is not declared', async () => {
    const id = element(0x00100020, 'LO', Buffer.from([0xb2, 0xe2, 0xca, 0xd4, 0x41, 0x20]));
    const declared = element(0x00080005, 'CS', 'GB18030');
    assert.equal((await readObject(imageFile(SYNTAX.explicit, { [id.tag]: id }))).patientId, '测试A');
    const both = imageFile(SYNTAX.implicit, { [id.tag]: id, [declared.tag]: declared });
    assert.equal((await readObject(both)).patientId, '测试A');
  });
  it('takes meta information without SOP class and instance', async () => {
    const meta = metaOf(SYNTAX.explicit).filter(({ tag }) => tag === 0x00020010);
    const source = await readObject(fileOf(writeDataSet(imageElements(), EXPLICIT), { meta }));
    assert.equal(source.sopInstanceUid, `${UID_ROOT}.3`);
  });
  it('takes UIDs with leading zeros, as devices write them', async () => {
    const study = element(0x0020000d, 'UI', '1.2.826.0.1.3680043.10.1.99999.01.007');
    const source = await readObject(imageFile(SYNTAX.explicit, { [study.tag]: study }));
    assert.equal(source.studyInstanceUid, study.value);
  });

  describe('refuses, and says why:', () => {
    const dataSet = writeDataSet(imageElements(), EXPLICIT);
    const cases: readonly (readonly [name: string, reason: string, file: () => Buffer])[] = [
      ['an empty file', 'not-part-10', () => Buffer.alloc(0)],
      ['a data set without preamble', 'not-part-10', () => dataSet],
      ['text', 'not-part-10', () => Buffer.from('%PDF-1.7'.repeat(100))],
      ['a file that ends within its meta information', 'malformed', () => imageFile().subarray(0, 200)],
      ['a file that ends within its identity', 'malformed', () => imageFile().subarray(0, 425)],
      [
        'a file that ends within its deflated data set',
        'malformed',
        () => imageFile(SYNTAX.deflated).subarray(0, 330),
      ],
      ['no transfer syntax', 'syntax', () => fileOf(dataSet, { meta: metaOf(SYNTAX.explicit).slice(0, 3) })],
      ['a transfer syntax that is no UID', 'syntax', () => fileOf(dataSet, { meta: metaOf('explicit') })],
      [
        'implicit VR that is declared explicit',
        'malformed',
        () => fileOf(writeDataSet(imageElements(), writingOf(SYNTAX.implicit))),
      ],
      ['no SOP instance UID', 'uid', () => imageFile(SYNTAX.explicit, { 0x00080018: null })],
      ['no study UID', 'uid', () => imageFile(SYNTAX.explicit, { 0x0020000d: null })],
      [
        'an empty series UID',
        'uid',
        () => imageFile(SYNTAX.explicit, { 0x0020000e: element(0x0020000e, 'UI') }),
      ],
      [
        'a UID that is a path',
        'uid',
        () => imageFile(SYNTAX.explicit, { 0x0020000e: element(0x0020000e, 'UI', '../../etc') }),
      ],
      [
        'a UID of 65 characters',
        'uid',
        () => imageFile(SYNTAX.explicit, { 0x0020000d: element(0x0020000d, 'UI', `1.${'2'.repeat(63)}`) }),
      ],
      [
        'another SOP instance in the meta information',
        'meta-differs',
        () => fileOf(dataSet, { meta: metaOf(SYNTAX.explicit, CT_IMAGE, `${UID_ROOT}.4`) }),
      ],
      [
        'another SOP class in the meta information',
        'meta-differs',
        () => fileOf(dataSet, { meta: metaOf(SYNTAX.explicit, '1.2.840.10008.5.1.4.1.1.4') }),
      ],
    ];
    for (const [name, reason, file] of cases)
      it(name, async () => assert.equal(await reasonOf(file()), reason));
    it('a file that is missing, and a folder', async () => {
      assert.equal(await reasonOf(path.join(folder, 'none.dcm')), 'missing');
      assert.equal(await reasonOf(folder), 'missing');
    });
  });
  it('writes file meta information that it reads', async () => {
    const meta = new FileMeta(
      { sopClassUid: CT_IMAGE, transferSyntaxUid: SYNTAX.explicit, sourceAeTitle: 'CT1' },
      { classUid: `${UID_ROOT}.9`, versionName: 'TEST' },
    ).bytesFor(`${UID_ROOT}.3`);
    const dataSet = writeDataSet(imageElements(), EXPLICIT);
    assert.equal((await readObject(Buffer.concat([meta, dataSet]))).offset, meta.length);
    assert.equal(meta.readUInt32LE(140), meta.length - 144);
  });
});

describe('the reader of data elements', () => {
  const read = (bytes: Buffer, step: number, writing = EXPLICIT, wanted?: number): DataElement[] => {
    const reader = new ElementReader(writing, { length: bytes.length, wants: tag => tag === wanted });
    const found: DataElement[] = [];
    for (let at = 0; at < bytes.length; at += step) found.push(...reader.feed(bytes.subarray(at, at + step)));
    reader.end();
    return found;
  };
  const NESTED: readonly TestElement[] = [
    element(0x00080060, 'CS', 'CT'),
    openSequence(0x00081140, [[openSequence(0x00081199, [[], [element(0x00080100, 'SH', 'A')]])]]),
    element(0x00081198, 'SQ', [[element(0x00081150, 'UI', '1.2')]]),
    openSequence(0x00091001, [[element(0x00091002, 'LO', 'X')]], 'UN'),
    element(0x00091003, '??', 'odd'),
    element(0x00091004, 'ZZ', 'to come'),
    fragments(Buffer.alloc(4), Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])),
    element(0xfffcfffc, 'OB', Buffer.alloc(6)),
  ];
  for (const syntax of [SYNTAX.explicit, SYNTAX.bigEndian, SYNTAX.implicit]) {
    const writing = writingOf(syntax);
    // Fragments of the builder are little endian, and none are in these syntaxes.
    const elements = NESTED.filter(one => syntax === SYNTAX.explicit || one.tag !== 0x7fe00010);
    const bytes = writeDataSet(elements, writing);
    for (const step of [1, 3, 7, bytes.length]) {
      it(`finds the top-level elements of ${syntax} in pieces of ${step}`, () => {
        const found = read(bytes, step, writing, 0x00091003);
        assert.deepEqual(
          found.map(({ tag }) => tag),
          elements.map(({ tag }) => tag),
        );
        for (const [index, one] of elements.entries())
          assert.equal(
            found[index]?.position,
            writeDataSet(elements.slice(0, index), writing).length,
            one.vr,
          );
        assert.deepEqual(found.find(({ tag }) => tag === 0x00091003)?.value?.toString(), 'odd ');
        assert.equal(found.filter(({ value }) => value).length, 1);
      });
    }
  }

  const malformed: readonly (readonly [name: string, bytes: Buffer])[] = [
    [
      'a value that reaches past the end',
      writeDataSet([element(0x00080060, 'CS', 'CT')], EXPLICIT).subarray(0, 9),
    ],
    ['a header cut off', Buffer.from([8, 0, 0x60])],
    [
      'a sequence without its delimiter',
      writeDataSet([openSequence(0x00081140, [])], EXPLICIT).subarray(0, -8),
    ],
    ['a VR that is none', Buffer.from([8, 0, 0x60, 0, 1, 2, 0, 0])],
    ['a delimiter on the top level', itemHeader(0xfffee0dd, 0, true)],
    ['an undefined length of text', writeDataSet([{ ...element(0x00080060, 'UT'), open: true }], EXPLICIT)],
    [
      'an element in the place of an item',
      writeDataSet(
        [
          {
            ...element(0x00081140, 'SQ', writeDataSet([element(0x00080060, 'CS', 'CT')], EXPLICIT)),
            open: true,
          },
        ],
        EXPLICIT,
      ),
    ],
    [
      'an item within an item',
      writeDataSet(
        [
          {
            ...element(
              0x00081140,
              'SQ',
              Buffer.concat([itemHeader(0xfffee000, 0xffffffff, true), itemHeader(0xfffee000, 0, true)]),
            ),
            open: true,
          },
        ],
        EXPLICIT,
      ),
    ],
    [
      'a fragment of undefined length',
      writeDataSet(
        [{ ...element(0x7fe00010, 'OB', itemHeader(0xfffee000, 0xffffffff, true)), open: true }],
        EXPLICIT,
      ),
    ],
    [
      'sequences nested without end',
      Buffer.concat(
        Array.from({ length: 1000 }, () =>
          Buffer.concat([
            writeDataSet([{ ...element(0x00081140, 'SQ'), open: true }], EXPLICIT),
            itemHeader(0xfffee000, 0xffffffff, true),
          ]),
        ),
      ),
    ],
  ];
  for (const [name, bytes] of malformed) {
    it(`refuses ${name}`, () => {
      for (const step of [1, bytes.length]) {
        assert.throws(() => read(bytes, step), { name: 'ExchangeError', code: 'MALFORMED', retry: 'never' });
      }
    });
  }
  it('keeps no long value, even a wanted one', () => {
    const bytes = writeDataSet([element(0x00080060, 'CS', 'C'.repeat(5000))], EXPLICIT);
    assert.deepEqual(
      read(bytes, 100, EXPLICIT, 0x00080060).map(({ value }) => value),
      [undefined],
    );
  });
});
