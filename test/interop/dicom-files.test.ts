/** Files that DCMTK made, and what DCMTK reads of ours. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { decodeDataSet, encodeDataSet } from '../../lib/dicom/data-set';
import { attributeOfTag, attributeOfKeyword } from '../../lib/dicom/dictionary';
import { efilm } from '../../lib/dicom/efilm';
import { FileShare } from '../../lib/dicom/file-share';
import { piecesOf } from '../../lib/dicom/object-bytes';
import { FileMeta, readObject } from '../../lib/dicom/part10';
import { transferSyntaxOf } from '../../lib/dicom/transfer-syntax';
import { CT_IMAGE, element, imageFile, SYNTAX, UID_ROOT } from '../support/dicom-files';
import { encodeGbk } from '../support/gbk';
import { needsPeer, works } from '../support/peer';

/** dcmconv's option for each syntax that it writes without a codec. */
const WRITTEN: readonly (readonly [option: string, syntax: string])[] = [
  ['+ti', SYNTAX.implicit],
  ['+te', SYNTAX.explicit],
  ['+tb', SYNTAX.bigEndian],
  ['+td', SYNTAX.deflated],
];
/** Lengths of sequences, and group lengths, as DCMTK can write them: options of dcmconv, and of dcmodify. */
const LENGTHS: readonly (readonly [dcmconv: string, dcmodify: string])[] = [
  ['+e', '+le'],
  ['-e', '-le'],
  ['+g', '+g'],
];

describe('DICOM files and DCMTK', function () {
  this.timeout(60_000);
  let folder: string;
  before(function () {
    needsPeer(this, 'dcmtk', works('dcmdump', '--version') && works('dcmcjpeg', '--version'));
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dicom-dcmtk-'));
  });
  after(() => folder && fs.rmSync(folder, { recursive: true }));

  const at = (name: string): string => path.join(folder, name);
  const dcmtk = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const put = (name: string, bytes: Buffer): string => {
    fs.writeFileSync(at(name), bytes);
    return at(name);
  };
  /** The values of a file as dcmdump reads them, without meta information, comments, lengths and multiplicities. */
  const dump = (file: string): string[] =>
    dcmtk('dcmdump', '+L', '-q', file)
      .split('\n')
      .filter(line => /^ *\(/.test(line) && !/^\((?:0002|....,0000)/.test(line))
      .map(line => line.replace(/\s*#.*$/, '').replace(/ with (?:explicit|undefined) length/, ''));

  const convert = (source: string, option: string, lengths: string): string => {
    const file = at(`converted${option}${lengths}.dcm`);
    dcmtk('dcmconv', option, lengths, source, file);
    return file;
  };
  const filmOf = async (file: string, newUids = false): Promise<string> => {
    const source = await readObject(file);
    const share = new FileShare({
      directory: folder,
      template: 'film-{yyyyMMdd}/{file}.dcm',
      organization: '',
    });
    fs.rmSync(at('film-20260102'), { recursive: true, force: true });
    return (await share.share(source, { efilm: { newUids }, date: new Date(2026, 0, 2) })).file;
  };

  for (const [option, syntax] of WRITTEN) {
    for (const [lengths, kept] of LENGTHS) {
      it(`reads the identity of what dcmconv ${option} ${lengths} wrote, and finds its data set`, async () => {
        const file = convert(put('source.dcm', imageFile()), option, lengths);
        const { data: _data, offset, length, ...identity } = await readObject(file);
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
        // DCMTK alone knows where its data set begins: without meta information it writes that and nothing else.
        const bare = at('bare.dcm');
        dcmtk('dcmconv', '-F', option, lengths, file, bare);
        assert.deepEqual(fs.readFileSync(file).subarray(offset, offset + length), fs.readFileSync(bare));
      });
      it(`makes the film that dcmodify makes, of ${option} ${lengths}`, async () => {
        const file = convert(put('source.dcm', imageFile()), option, lengths);
        const ours = await filmOf(file);
        const theirs = put('theirs.dcm', fs.readFileSync(file));
        dcmtk('dcmodify', '-nb', kept, '-m', '0008,0060=EFILM', theirs);
        assert.deepEqual(dump(ours), dump(theirs));
        // In the same encoding of lengths, the very bytes; what deflate makes of them may differ.
        if (option === '+td') return;
        const bare = (name: string, from: string): Buffer => {
          dcmtk('dcmconv', '-F', option, lengths, from, at(name));
          return fs.readFileSync(at(name));
        };
        const { data, offset, length } = await readObject(ours);
        assert.deepEqual(
          fs.readFileSync(data as string).subarray(offset, offset + length),
          bare('bare.dcm', theirs),
        );
      });
    }
    it(`gives new UIDs that DCMTK reads, of ${option}`, async () => {
      const ours = await filmOf(convert(put('source.dcm', imageFile()), option, '-e'), true);
      const { sopInstanceUid, seriesInstanceUid } = await readObject(ours);
      const text = dcmtk('dcmdump', '-q', '+P', '0002,0003', '+P', '0008,0018', '+P', '0020,000e', ours);
      assert.deepEqual(
        [...text.matchAll(/\[(.*?)\]/g)].map(([, uid]) => uid),
        [sopInstanceUid, sopInstanceUid, seriesInstanceUid],
      );
    });
  }

  it('leaves compressed images of dcmcjpeg and dcmcrle as they are, but for Modality', async () => {
    const pixels: Record<number, ReturnType<typeof element>> = {};
    const us = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8]);
    for (const [tag, value] of [
      [0x00280002, 1],
      [0x00280010, 64],
      [0x00280011, 64],
      [0x00280100, 8],
      [0x00280101, 8],
      [0x00280102, 7],
      [0x00280103, 0],
    ] as const)
      pixels[tag] = element(tag, 'US', us(value));
    pixels[0x00280004] = element(0x00280004, 'CS', 'MONOCHROME2');
    pixels[0x7fe00010] = element(
      0x7fe00010,
      'OB',
      Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 251)),
    );
    const source = put('pixels.dcm', imageFile(SYNTAX.explicit, pixels));
    for (const [program, ...args] of [
      ['dcmcjpeg', '+fs', '1'],
      ['dcmcjpeg', '+eb'],
      ['dcmcrle'],
      ['dcmcjpls'],
    ] as const) {
      const file = at(`${program}.dcm`);
      dcmtk(program, ...args, source, file);
      const object = await readObject(file);
      assert.ok(transferSyntaxOf(object.transferSyntaxUid).encapsulated);
      const film = await filmOf(file);
      const [before, after] = [dump(file), dump(film)];
      assert.deepEqual(
        after,
        before.map(line => line.replace(/^(\(0008,0060\) CS \[)CT/, '$1EFILM')),
      );
    }
  });

  it('writes meta information that DCMTK reads without a word', () => {
    const meta = new FileMeta(
      { sopClassUid: CT_IMAGE, transferSyntaxUid: SYNTAX.explicit, sourceAeTitle: 'CT1' },
      { classUid: `${UID_ROOT}.9`, versionName: 'TEST' },
    ).bytesFor(`${UID_ROOT}.3`);
    const image = imageFile();
    const dataSet = image.subarray(132 + 12 + image.readUInt32LE(140));
    const text = dcmtk('dcmdump', '-v', put('meta.dcm', Buffer.concat([meta, dataSet])));
    assert.match(text, /\(0002,0016\) AE \[CT1\]/);
    assert.match(text, /\(0002,0001\) OB 00\\01/);
    assert.doesNotMatch(text, /^[WE]:/m);
  });

  it('reads and writes names in Chinese as DCMTK does', async () => {
    const name = 'Ceshi^Jia=测试^甲';
    for (const characterSet of ['GB18030', 'ISO_IR 192', '\\ISO 2022 IR 58']) {
      const values = {
        SOPClassUID: CT_IMAGE,
        SOPInstanceUID: `${UID_ROOT}.3`,
        StudyInstanceUID: `${UID_ROOT}.1`,
        SeriesInstanceUID: `${UID_ROOT}.2`,
        PatientName: name,
        PatientID: '测试１２３',
      };
      const syntax = transferSyntaxOf(SYNTAX.implicit);
      const meta = new FileMeta(
        { sopClassUid: CT_IMAGE, transferSyntaxUid: SYNTAX.implicit, sourceAeTitle: '' },
        { classUid: `${UID_ROOT}.9`, versionName: 'TEST' },
      ).bytesFor(`${UID_ROOT}.3`);
      const file = put('chinese.dcm', Buffer.concat([meta, encodeDataSet(values, syntax, characterSet)]));
      const text = dcmtk('dcmdump', '-q', '+U8', '+P', 'PatientName', '+P', 'PatientID', file);
      assert.deepEqual(
        [...text.matchAll(/\[(.*?)\]/g)].map(([, value]) => value?.trim()),
        [name, '测试１２３'],
        characterSet,
      );
      // And back, from the bytes that DCMTK writes.
      const converted = convert(file, '+te', '-e');
      const source = await readObject(converted);
      assert.equal(source.patientId, '测试１２３');
      const bytes = fs.readFileSync(converted).subarray(source.offset);
      assert.equal(decodeDataSet(bytes, transferSyntaxOf(SYNTAX.explicit))['PatientName'], name);
    }
  });
  it('reads GB18030 that dcmconv made of UTF-8', async () => {
    const utf8 = imageFile(SYNTAX.explicit, {
      0x00080005: element(0x00080005, 'CS', 'ISO_IR 192'),
      0x00100020: element(0x00100020, 'LO', Buffer.from('测试甲A')),
    });
    const file = at('gb18030.dcm');
    dcmtk('dcmconv', '--convert-to-charset', 'GB18030', put('utf8.dcm', utf8), file);
    assert.ok(fs.readFileSync(file).includes(encodeGbk('测试甲A')));
    assert.equal((await readObject(file)).patientId, '测试甲A');
  });

  it('knows every attribute by the tag, VR and keyword that DCMTK has for it', () => {
    const [dictionary] = fs
      .readdirSync('/usr/share')
      .filter(name => /^(?:lib)?dcmtk/.test(name))
      .map(name => path.join('/usr/share', name, 'dicom.dic'))
      .filter(name => fs.existsSync(name));
    assert.ok(dictionary);
    let known = 0;
    for (const line of fs.readFileSync(dictionary, 'utf8').split('\n')) {
      const [, group, number, vr, keyword = ''] = /^\((\w{4}),(\w{4})\)\s+(\w\w)\s+(\w+)/.exec(line) ?? [];
      const tag = Number.parseInt(`${group}${number}`, 16);
      const ours = attributeOfTag(tag);
      if (!ours || keyword.startsWith('RETIRED_')) continue;
      known++;
      assert.equal(ours.keyword, keyword);
      assert.equal(attributeOfKeyword(keyword)?.tag, tag);
      // Pixel data is OB or OW.
      if (vr !== 'px') assert.equal(ours.vr, vr, keyword);
    }
    assert.ok(known > 230, String(known));
  });

  it('streams a film from a source on disk with memory that does not grow', async () => {
    const file = put(
      'large.dcm',
      imageFile(SYNTAX.explicit, { 0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(64 * 1024 * 1024)) }),
    );
    const source = await readObject(file);
    const film = await efilm(source, { newUids: false });
    let length = 0;
    let largest = 0;
    for await (const piece of film.stream(piecesOf(file, source.offset, source.length))) {
      length += piece.length;
      largest = Math.max(largest, piece.length);
    }
    assert.deepEqual([length, largest], [film.length, 256 * 1024]);
  });
});
