import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { derivedUid, efilm, type EfilmObject } from '../../lib/dicom/efilm';
import { FileShare } from '../../lib/dicom/file-share';
import { isUid, readObject } from '../../lib/dicom/part10';
import type { ObjectSource } from '../../lib/dicom/source';
import { splice } from '../../lib/dicom/splice';
import {
  element,
  fileOf,
  imageElements,
  imageFile,
  SYNTAX,
  type TestElement,
  UID_ROOT,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';

const MODALITY = 0x00080060;
const KEEP = { newUids: false };
const NEW = { newUids: true };

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const dataSetOf = ({ data, offset }: ObjectSource): Buffer => (data as Buffer).subarray(offset);

const sent = (film: EfilmObject, source: ObjectSource, size = 50): Promise<Buffer> =>
  collect(film.stream(pieces(dataSetOf(source), size)));

/** What an image's data set must be as a film: the same elements, written with other values. */
const filmOf = (syntax: string, changed: Readonly<Record<number, TestElement | null>> = {}): Buffer =>
  dataSetBytes(syntax, { ...changed, [MODALITY]: element(MODALITY, 'CS', 'EFILM') });

function dataSetBytes(syntax: string, changed: Readonly<Record<number, TestElement | null>>): Buffer {
  const file = imageFile(syntax, changed);
  const start = fileOf(Buffer.alloc(0), { syntax }).length;
  return syntax === SYNTAX.deflated ? zlib.inflateRawSync(file.subarray(start)) : file.subarray(start);
}

describe('splicing bytes', () => {
  const input = Buffer.from('0123456789');
  const patches = [
    { position: 0, remove: 1, insert: Buffer.from('a') },
    { position: 3, remove: 0, insert: Buffer.from('bc') },
    { position: 3, remove: 4, insert: Buffer.alloc(0) },
    { position: 10, remove: 0, insert: Buffer.from('d') },
  ];
  for (const size of [1, 2, 3, 10])
    it(`replaces in pieces of ${size}`, async () =>
      assert.equal((await collect(splice(pieces(input, size), patches))).toString(), 'a12bc789d'));
});

describe('electronic film', () => {
  for (const [name, syntax] of Object.entries(SYNTAX)) {
    it(`changes Modality alone in ${name}, and tells the length`, async () => {
      const source = await readObject(imageFile(syntax));
      for (const size of [1, 7, 4096]) {
        const film = await efilm(source, KEEP);
        const bytes = await sent(film, source, size);
        assert.deepEqual(film.identity, { ...withoutPlace(source), modality: 'EFILM' });
        assert.equal(film.isChanged, true);
        assert.equal(film.length, syntax === SYNTAX.deflated ? null : bytes.length);
        assert.equal(bytes.length % 2, 0);
        const plain = syntax === SYNTAX.deflated ? zlib.inflateRawSync(bytes) : bytes;
        assert.deepEqual(plain, filmOf(syntax));
      }
    });
    it(`passes a film in ${name} byte for byte`, async () => {
      const source = await readObject(imageFile(syntax, { [MODALITY]: element(MODALITY, 'CS', 'EFILM') }));
      for (const options of [KEEP, NEW]) {
        const film = await efilm(source, options);
        assert.deepEqual([film.isChanged, film.length], [false, source.length]);
        assert.deepEqual(film.identity, withoutPlace(source));
        assert.deepEqual(await sent(film, source), dataSetOf(source));
      }
    });
    it(`gives new UIDs in ${name}, the same each time`, async () => {
      const source = await readObject(imageFile(syntax));
      const film = await efilm(source, NEW);
      const bytes = await sent(film, source);
      assert.deepEqual((await efilm(source, NEW)).identity, film.identity);
      const { seriesInstanceUid, sopInstanceUid } = film.identity;
      assert.equal(film.identity.studyInstanceUid, source.studyInstanceUid);
      const plain = syntax === SYNTAX.deflated ? zlib.inflateRawSync(bytes) : bytes;
      assert.deepEqual(
        plain,
        filmOf(syntax, {
          0x00080018: element(0x00080018, 'UI', sopInstanceUid),
          0x0020000e: element(0x0020000e, 'UI', seriesInstanceUid),
        }),
      );
    });
  }
  it('inserts Modality where it is absent, also at the end', async () => {
    for (const syntax of [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.deflated]) {
      const source = await readObject(imageFile(syntax, { [MODALITY]: null }));
      const bytes = await sent(await efilm(source, KEEP), source);
      assert.deepEqual(syntax === SYNTAX.deflated ? zlib.inflateRawSync(bytes) : bytes, filmOf(syntax));
    }
  });
  it('replaces an empty Modality, several, and one of another VR', async () => {
    for (const old of [
      element(MODALITY, 'CS'),
      element(MODALITY, 'CS', 'CT\\MR'),
      element(MODALITY, 'UN', 'CT'),
    ]) {
      const source = await readObject(imageFile(SYNTAX.explicit, { [MODALITY]: old }));
      assert.deepEqual(await sent(await efilm(source, KEEP), source), filmOf(SYNTAX.explicit));
    }
  });
  it('lets group lengths of old objects follow', async () => {
    for (const syntax of [SYNTAX.implicit, SYNTAX.bigEndian]) {
      const writing = writingOf(syntax);
      const withLengths = (elements: readonly TestElement[]): Buffer =>
        writeDataSet(
          [0x0008, 0x0020].reduce<readonly TestElement[]>((all, group) => {
            const length = Buffer.alloc(4);
            const bytes = writeDataSet(
              all.filter(({ tag }) => tag >>> 16 === group),
              writing,
            );
            length[writing.littleEndian ? 'writeUInt32LE' : 'writeUInt32BE'](bytes.length);
            return [...all, element(group * 0x10000, 'UL', length)].toSorted(
              (one, other) => one.tag - other.tag,
            );
          }, elements),
          writing,
        );
      const source = await readObject(fileOf(withLengths(imageElements()), { syntax }));
      const film = await efilm(source, NEW);
      const expected = imageElements({
        [MODALITY]: element(MODALITY, 'CS', 'EFILM'),
        0x00080018: element(0x00080018, 'UI', film.identity.sopInstanceUid),
        0x0020000e: element(0x0020000e, 'UI', film.identity.seriesInstanceUid),
      });
      assert.deepEqual(await sent(film, source), withLengths(expected));
    }
  });
  it('refuses elements out of order: one of two Modalities would stay', async () => {
    const elements = imageElements({ [MODALITY]: null });
    const at = elements.findIndex(({ tag }) => tag > 0x00100000);
    const wrong = [...elements.slice(0, at), element(MODALITY, 'CS', 'CT'), ...elements.slice(at)];
    const source = await readObject(fileOf(writeDataSet(wrong, writingOf(SYNTAX.explicit))));
    await assert.rejects(efilm(source, KEEP), { code: 'DICOM_FILE', retry: 'never' });
  });
  it('ends with the error of its input, and lets go of it when nobody reads on', async () => {
    for (const syntax of [SYNTAX.explicit, SYNTAX.deflated]) {
      const source = await readObject(imageFile(syntax));
      let isClosed = false;
      const failing = async function* (): AsyncGenerator<Buffer> {
        try {
          yield dataSetOf(source).subarray(0, 100);
          await Promise.resolve();
          throw new Error('cut off');
        } finally {
          isClosed = true;
        }
      };
      await assert.rejects(collect((await efilm(source, KEEP)).stream(failing())), /cut off|failed/);
      assert.ok(isClosed);
      let endlessClosed = false;
      const endless = async function* (): AsyncGenerator<Buffer> {
        try {
          for (
            const all =
              syntax === SYNTAX.deflated ? zlib.deflateRawSync(randomBytes(1e6)) : dataSetOf(source);
            ;
          )
            yield all;
        } finally {
          endlessClosed = true;
        }
      };
      for await (const _piece of (await efilm(source, KEEP)).stream(endless())) break;
      await new Promise(resolve => setTimeout(resolve, 20));
      assert.ok(endlessClosed, syntax);
    }
  });
  it('tells of deflated data that is damaged further on', async () => {
    const pixels = element(
      0x7fe00010,
      'OW',
      Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 251)),
    );
    const file = imageFile(SYNTAX.deflated, { [pixels.tag]: pixels });
    const source = await readObject(file.subarray(0, -200));
    await assert.rejects(sent(await efilm(source, KEEP), source), { code: 'DICOM_FILE' });
  });
  it('derives UIDs that are UUIDs', () => {
    const uid = derivedUid(`${UID_ROOT}.2`);
    assert.ok(isUid(uid) && uid.startsWith('2.25.'));
    const hex = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
    assert.match(hex, /^.{12}8.{3}[89ab].{15}$/);
    assert.notEqual(derivedUid(`${UID_ROOT}.3`), uid);
  });
});

describe('images in a shared folder', () => {
  let directory: string;
  beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dicom-share-'))));
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  const share = (template = '{org}/{yyyyMMdd}/{accession}/{sopuid}.dcm'): FileShare =>
    new FileShare({ directory, template, organization: '123' });
  const date = new Date(2026, 0, 2);

  it('writes the file byte for byte under its template', async () => {
    const bytes = imageFile(SYNTAX.jpeg);
    const source = await readObject(bytes);
    const done = await share().share(source, { date });
    assert.equal(
      done.file,
      path.join(fs.realpathSync(directory), '123', '20260102', 'ACC0001', `${UID_ROOT}.3.dcm`),
    );
    assert.equal(done.change, 'created');
    assert.deepEqual(fs.readFileSync(done.file), bytes);
    assert.equal((await share().share(source, { date })).change, 'unchanged');
  });
  it('knows all placeholders, and makes values safe', async () => {
    const id = element(0x00100020, 'LO', '../a:b');
    const source = await readObject(imageFile(SYNTAX.explicit, { [id.tag]: id }));
    const done = await share(
      '{patientid}/{modality}/{studyuid}/{seriesuid}/{yyyy}-{MM}-{dd}/{sopuid}.{ext}',
    ).share(source, { date });
    assert.match(
      path.relative(fs.realpathSync(directory), done.file),
      /^_a_b-[\da-f]{8}\/CT\/[\d.]+\.1\/[\d.]+\.2\/2026-01-02\/[\d.]+\.3\.dcm$/,
    );
  });
  it('never replaces other content', async () => {
    const done = await share().share(await readObject(imageFile()), { date });
    const before = fs.readFileSync(done.file);
    const pixels = element(0x7fe00010, 'OW', Buffer.alloc(32, 8));
    const other = await readObject(imageFile(SYNTAX.explicit, { [pixels.tag]: pixels }));
    await assert.rejects(share().share(other, { date }), {
      code: 'DICOM_FILE',
      retry: 'never',
      details: { reason: 'name-taken' },
    });
    assert.deepEqual(fs.readFileSync(done.file), before);
    assert.deepEqual(fs.readdirSync(path.dirname(done.file)).length + fs.readdirSync(directory).length, 2);
  });
  it('writes films; meta information follows new UIDs alone', async () => {
    for (const [options, syntax] of [
      [KEEP, SYNTAX.explicit],
      [NEW, SYNTAX.implicit],
      [NEW, SYNTAX.deflated],
    ] as const) {
      const file = path.join(directory, 'source.dcm');
      fs.writeFileSync(file, imageFile(syntax));
      const source = await readObject(file);
      const { identity, file: written } = await share(`${syntax}/{sopuid}.dcm`).share(source, {
        efilm: options,
        date,
      });
      const { data: _data, offset, length: _length, ...found } = await readObject(written);
      assert.deepEqual(found, identity);
      assert.equal(found.modality, 'EFILM');
      const bytes = fs.readFileSync(written);
      if (options === KEEP)
        assert.deepEqual(bytes.subarray(0, offset), imageFile(syntax).subarray(0, source.offset));
      // A second pass over what was written changes nothing.
      const again = await share(`again/${syntax}/{sopuid}.dcm`).share(await readObject(written), {
        efilm: options,
        date,
      });
      assert.deepEqual(fs.readFileSync(again.file), bytes);
    }
  });
  it('refuses a template that leads out, a value that is missing, and a folder that is', async () => {
    assert.throws(() => share('../{sopuid}.dcm'), { code: 'CONFIG' });
    const source = await readObject(imageFile(SYNTAX.explicit, { 0x00080050: null }));
    await assert.rejects(share().share(source, { date }), { code: 'CONTRACT' });
    const nowhere = new FileShare({
      directory: path.join(directory, 'none'),
      template: '{sopuid}.dcm',
      organization: '',
    });
    await assert.rejects(nowhere.share(source), { code: 'CONFIG' });
  });
  it('leaves nothing behind when the source is cut short', async () => {
    const file = path.join(directory, 'source.dcm');
    fs.writeFileSync(file, imageFile());
    const source = await readObject(file);
    fs.truncateSync(file, source.offset + 100);
    await assert.rejects(share('x/{sopuid}.dcm').share(source), { code: 'DICOM_FILE' });
    assert.deepEqual(fs.readdirSync(directory), ['source.dcm']);
  });
});

function withoutPlace({ data: _data, offset: _offset, length: _length, ...identity }: ObjectSource): object {
  return identity;
}
