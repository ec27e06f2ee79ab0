/** The simulator's image archive, and the synthetic hospital's images, with DCMTK as the other side. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type ImagedStudy, imagedStudies, syntheticImages } from '../../lib/simulator/hospital/images';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { part10 } from '../../lib/simulator/hospital/part10';
import {
  ImageArchive,
  type ImageArchiveOptions,
  type ImageFaults,
  REJECTIONS,
  type Rejection,
  onNth,
} from '../../lib/simulator/platform/image-archive';
import { needsPeer, works } from '../support/peer';
import { freePort, untilListening } from '../support/port';
import { temporaryFolder } from '../support/report-files';
import { until } from '../support/until';

const AE = 'PLATFORM';
const run = promisify(execFile);

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program of DCMTK to its end. */
async function dcmtk(program: string, ...args: string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: 20_000, maxBuffer: 16 * 1024 * 1024 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const dataSetOf = (file: Buffer): Buffer => file.subarray(144 + file.readUInt32LE(140));
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The first exam of each number of studies. */
function someStudies(): ImagedStudy[] {
  const hospital = new SyntheticHospital({ path: ':memory:', today: '2030-01-02' });
  const studies = imagedStudies(hospital.examReports('new'));
  hospital.close();
  const [ct, mr, us] = ['CT', 'MR', 'US'].map(kind => studies.find(({ modality }) => modality === kind));
  assert.ok(ct && mr && us);
  return [ct, mr, us];
}

describe('image archive of the simulator', function () {
  this.timeout(30_000);
  const studies = someStudies();
  const [study] = studies as [ImagedStudy];
  const images = syntheticImages(study);
  const sops = images.map(({ sopInstanceUid }) => sopInstanceUid);
  let folder: string;
  let files: string[];
  let archive: ImageArchive;
  const receivers: ChildProcess[] = [];

  before(function () {
    needsPeer(this, 'dcmtk', works('storescu', '--version'));
  });
  beforeEach(() => {
    folder = temporaryFolder('images');
    files = images.map(({ sopInstanceUid, file }) => {
      const name = path.join(folder, `${sopInstanceUid}.dcm`);
      fs.writeFileSync(name, file);
      return name;
    });
  });
  afterEach(async () => {
    await archive?.stop();
    for (const receiver of receivers.splice(0)) receiver.kill();
    fs.rmSync(folder, { recursive: true });
  });

  const open = async (options: Partial<ImageArchiveOptions> = {}): Promise<void> => {
    archive = new ImageArchive({ aeTitle: AE, port: 0, ...options });
    await archive.start();
  };
  const call = (program: string, ...args: string[]): Promise<Ended> =>
    dcmtk(program, '-aet', 'TESTPACS', '-aec', AE, '-to', '5', '-ta', '5', '-td', '5', ...args);
  const address = (): string[] => ['127.0.0.1', String(archive.port)];
  const store = (...args: string[]): Promise<Ended> => call('storescu', ...args, ...address(), ...files);

  it('answers C-ECHO', async () => {
    await open();
    assert.equal((await call('echoscu', ...address())).code, 0);
    assert.equal(archive.counts().echoes, 1);
  });

  it('takes over objects, byte for byte', async () => {
    await open();
    assert.equal((await store()).code, 0);
    const received = archive.received();
    assert.deepEqual(
      received.map(({ sopInstanceUid }) => sopInstanceUid),
      sops,
    );
    images.forEach(({ file, sopInstanceUid }, at) => {
      const { bytes, sha256: digest } = received[at]!;
      const dataSet = dataSetOf(file);
      assert.deepEqual([bytes, digest], [dataSet.length, sha256(dataSet)]);
      assert.deepEqual(archive.dataSet(sopInstanceUid), dataSet);
    });
    const { at: _, ...first } = received[0]!;
    assert.deepEqual(first, {
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: sops[0],
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      studyInstanceUid: study.studyInstanceUid,
      seriesInstanceUid: images[0]?.seriesInstanceUid,
      patientId: study.patientId,
      accessionNumber: study.accessionNumber,
      modality: 'CT',
      bytes: dataSetOf(images[0]!.file).length,
      sha256: sha256(dataSetOf(images[0]!.file)),
      callingAeTitle: 'TESTPACS',
      status: 0,
    });
  });

  it('counts images, films and repetitions, and keeps the newest whole', async () => {
    await open({ keepObjects: 2, remember: 3 });
    assert.equal((await store()).code, 0);
    assert.equal((await call('storescu', ...address(), files[3]!)).code, 0);
    await run('dcmodify', ['-nb', '-m', 'Modality=EFILM', files[3]!]);
    assert.equal((await call('storescu', ...address(), files[3]!)).code, 0);
    const { bytes, ...counts } = archive.counts();
    assert.deepEqual(counts, {
      images: 5,
      eFilms: 1,
      repeated: 2,
      refused: 0,
      associations: 3,
      echoes: 0,
    });
    assert.ok(bytes > 6 * 8192);
    assert.equal(archive.received().length, 3);
    assert.deepEqual(
      sops.map(uid => archive.dataSet(uid) !== undefined),
      [false, false, true, true],
    );
    assert.equal(archive.received().at(-1)?.modality, 'EFILM');
  });

  const SYNTAXES = [
    ['explicit little endian', '+te', '-xe'],
    ['explicit big endian', '+tb', '-xb'],
    ['implicit little endian', '+ti', '-xi'],
    ['deflated', '+td', '-xd'],
  ] as const;
  for (const [name, written, sent] of SYNTAXES) {
    it(`reads identities in another transfer syntax: ${name}`, async () => {
      await open();
      const target = path.join(folder, 'other.dcm');
      await run('dcmconv', [written, files[0]!, target]);
      assert.equal((await call('storescu', sent, '-R', ...address(), target)).code, 0);
      const [received] = archive.received();
      assert.equal(received?.sopInstanceUid, sops[0]);
      assert.equal(received?.accessionNumber, study.accessionNumber);
      // DCMTK deflates again on its way.
      if (sent !== '-xd') assert.equal(received?.sha256, sha256(dataSetOf(fs.readFileSync(target))));
    });
  }

  it('takes over large objects without keeping them', async () => {
    await open();
    const large = path.join(folder, 'large.dcm');
    const pixels = Buffer.alloc(40 * 1024 * 1024, 7);
    fs.writeFileSync(
      large,
      part10([
        [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
        [0x00080018, 'UI', '2.25.1'],
        [0x0020000d, 'UI', '2.25.2'],
        [0x0020000e, 'UI', '2.25.3'],
        [0x7fe00010, 'OW', pixels],
      ]),
    );
    assert.equal((await call('storescu', ...address(), large)).code, 0);
    assert.equal(archive.received()[0]?.sha256, sha256(dataSetOf(fs.readFileSync(large))));
    assert.equal(archive.dataSet('2.25.1'), undefined);
  });

  describe('does wrong on demand', () => {
    for (const status of [0xa700, 0xa900, 0xc000, 0xb000, 0xb007]) {
      it(`answers one object ${status.toString(16)}`, async () => {
        await open({ faults: { object: onNth(2, { kind: 'status', status, comment: 'on demand' }) } });
        await store('-nh');
        const kept = status >> 12 === 0xb;
        assert.equal(archive.received().length, kept ? 4 : 3);
        assert.equal(archive.counts().refused, kept ? 0 : 1);
        assert.equal(archive.received()[1]?.status, kept ? status : 0);
      });
    }

    for (const kind of ['abort', 'close', 'abort-early', 'close-early'] as const) {
      it(`ends the association in its middle: ${kind}`, async () => {
        await open({ faults: { object: onNth(3, { kind }) } });
        assert.notEqual((await store()).code, 0);
        assert.equal(archive.received().length, 2);
        archive.setFaults({});
        assert.equal((await store()).code, 0);
        assert.equal(archive.received().length, 4);
      });
    }

    for (const as of Object.keys(REJECTIONS) as Rejection[]) {
      it(`rejects an association: ${as}`, async () => {
        await open({ faults: { association: () => ({ kind: 'reject', as }) } });
        const { code, output } = await call('echoscu', '-v', ...address());
        assert.notEqual(code, 0);
        assert.match(output, REJECTIONS[as][0] === 1 ? /Rejected Permanent/ : /Rejected Transient/);
      });
    }

    const silences: [string, ImageFaults][] = [
      ['an association', { association: () => ({ kind: 'silence' }) }],
      ['an object', { object: () => ({ kind: 'silence' }) }],
      ['an object, for too long', { object: () => ({ kind: 'delay', ms: 15_000 }) }],
    ];
    for (const [what, faults] of silences) {
      it(`does not answer ${what}`, async () => {
        await open({ faults });
        assert.notEqual((await store('-ta', '1', '-td', '1')).code, 0);
      });
    }
  });

  it('rejects who calls another AE, or may not call', async () => {
    await open({ allowedAeTitles: ['OTHER'] });
    assert.match((await call('echoscu', '-v', ...address())).output, /Calling AE Title Not Recognized/);
    assert.match(
      (await call('echoscu', '-v', '-aec', 'WRONG', ...address())).output,
      /Called AE Title Not Recognized/,
    );
    assert.equal((await call('echoscu', '-aet', 'OTHER', ...address())).code, 0);
  });

  it('accepts the transfer syntaxes that it is told', async () => {
    await open({ accepts: (_, offered) => offered.find(uid => uid === '1.2.840.10008.1.2') });
    assert.equal((await store('-xi')).code, 0);
    assert.equal(archive.received()[0]?.transferSyntaxUid, '1.2.840.10008.1.2');
  });

  it('ends a connection that says nothing', async () => {
    await open({ idleMs: 300 });
    const { code } = await dcmtk('bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${archive.port}; cat <&3`);
    assert.equal(code, 0);
  });

  describe('as a PACS', () => {
    const objects = studies.flatMap(syntheticImages).map(({ file }) => file);
    const find = async (...keys: string[]): Promise<string> => {
      const { code, output } = await call(
        'findscu',
        '-v',
        '-S',
        ...keys.flatMap(key => ['-k', key]),
        ...address(),
      );
      assert.equal(code, 0, output);
      return output;
    };
    const answersIn = (output: string): number =>
      output.match(/Find Response: \d+ \(Pending\)/g)?.length ?? 0;

    it('knows its studies', async () => {
      await open({ objects });
      assert.deepEqual(
        archive.holdings(),
        studies.map(({ studyInstanceUid, patientId, accessionNumber }) => ({
          studyInstanceUid,
          patientId,
          accessionNumber,
          series: 2,
          images: 4,
        })),
      );
      assert.throws(() => archive.hold(Buffer.from('no DICOM')), /no DICOM Part 10 file/);
    });

    it('finds a study by its keys, with counts', async () => {
      await open({ objects });
      const output = await find(
        'QueryRetrieveLevel=STUDY',
        `PatientID=${study.patientId}`,
        `AccessionNumber=${study.accessionNumber}`,
        'StudyInstanceUID',
        'StudyDate=20300101-',
        'PatientName=测试*',
        'SpecificCharacterSet=ISO_IR 192',
        'NumberOfStudyRelatedInstances',
        'NumberOfStudyRelatedSeries',
      );
      assert.ok(answersIn(output) >= 1, output);
      assert.ok(output.includes(`[${study.studyInstanceUid}`), output);
      assert.ok(output.includes(study.name), output);
      assert.match(output, /NumberOfStudyRelatedInstances|0020,1208\) IS \[4/);
    });

    it('finds nothing of others, and answers on other levels', async () => {
      await open({ objects });
      assert.equal(
        answersIn(await find('QueryRetrieveLevel=STUDY', 'PatientID=NOBODY', 'StudyInstanceUID')),
        0,
      );
      assert.equal(answersIn(await find('QueryRetrieveLevel=STUDY', 'StudyInstanceUID')), 3);
      const within = `StudyInstanceUID=${study.studyInstanceUid}`;
      assert.equal(answersIn(await find('QueryRetrieveLevel=SERIES', within, 'SeriesInstanceUID')), 2);
      assert.equal(answersIn(await find('QueryRetrieveLevel=IMAGE', within, 'SOPInstanceUID')), 4);
    });

    const get = async (): Promise<{ output: string; got: Map<string, Buffer> }> => {
      const target = path.join(folder, 'got');
      fs.mkdirSync(target);
      const { output } = await call(
        'getscu',
        '-v',
        '-S',
        '-k',
        'QueryRetrieveLevel=STUDY',
        '-k',
        `StudyInstanceUID=${study.studyInstanceUid}`,
        '-od',
        target,
        '+B',
        ...address(),
      );
      return { output, got: filesIn(target) };
    };

    it('gives a study away by C-GET, byte for byte', async () => {
      await open({ objects });
      const { output, got } = await get();
      assert.equal(got.size, 4, output);
      for (const { file, sopInstanceUid } of images)
        assert.ok(got.get(sopInstanceUid)?.includes(dataSetOf(file)), output);
    });

    it('fails or loses objects on demand', async () => {
      await open({
        objects,
        faults: { subOperation: at => (at === 1 ? 'fail' : at === 2 ? 'lose' : undefined) },
      });
      const { output, got } = await get();
      assert.equal(got.size, 2);
      assert.match(output, /Number of Failed Suboperations *: 1/);
      assert.match(output, /Number of Completed Suboperations *: 3/);
    });

    it('sends a study to another AE by C-MOVE', async () => {
      const target = path.join(folder, 'moved');
      fs.mkdirSync(target);
      const port = await freePort();
      const receiver = spawn('storescp', ['+B', '-aet', 'STATION', '-od', target, String(port)], {
        stdio: 'ignore',
      });
      receivers.push(receiver);
      await untilListening(port, receiver);
      await open({ objects, destinations: { STATION: { host: '127.0.0.1', port } } });
      const move = (station: string): Promise<Ended> =>
        call(
          'movescu',
          '-v',
          '-S',
          '-aem',
          station,
          '-k',
          'QueryRetrieveLevel=STUDY',
          '-k',
          `StudyInstanceUID=${study.studyInstanceUid}`,
          ...address(),
        );
      const { code, output } = await move('STATION');
      assert.equal(code, 0, output);
      await until('all files', () => filesIn(target).size === 4);
      const moved = filesIn(target);
      for (const { file, sopInstanceUid } of images)
        assert.ok(moved.get(sopInstanceUid)?.includes(dataSetOf(file)));
      assert.match((await move('NOBODY')).output, /MoveDestinationUnknown|Destination Unknown/i);
    });
  });

  it('has images that DCMTK reads without a warning', async () => {
    for (const file of files) {
      const { code, output } = await dcmtk('dcmdump', '+U8', file);
      assert.equal(code, 0);
      assert.doesNotMatch(output, /^[WE]:/m);
      for (const text of [study.name, study.patientId, study.accessionNumber, study.studyInstanceUid])
        assert.ok(output.includes(text), text);
    }
  });
});

/** Received files by the SOP Instance UID in their names. */
function filesIn(target: string): Map<string, Buffer> {
  return new Map(
    fs
      .readdirSync(target)
      .map(name => [/2\.25\.\d+/.exec(name)?.[0] ?? name, fs.readFileSync(path.join(target, name))]),
  );
}
