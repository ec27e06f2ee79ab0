/** The DICOM nodes in a flow: images come in, go out, and are fetched, with a simulated archive and DCMTK as peers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ImageArchive, type ImageArchiveOptions, onNth } from '../../lib/simulator/platform/image-archive';
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
import { type FlowNode, type Message, TestFlow } from '../support/flow';
import { needsPeer, works } from '../support/peer';
import { freePort } from '../support/port';

const run = promisify(execFile);
const STUDY = `${UID_ROOT}.1`;

interface Study {
  readonly studyInstanceUid: string;
  readonly patientId: string;
  readonly accessionNumber: string;
  readonly files: readonly { readonly file: string; readonly sopInstanceUid: string }[];
}
interface Sent {
  readonly total: number;
  readonly accepted: number;
  readonly failed: number;
  readonly objects: readonly {
    readonly class: string;
    readonly status: string | null;
    readonly comment: string;
  }[];
}

/** A CT object of the study, by its number. */
function image(number: number): Buffer {
  const uid = `${UID_ROOT}.3.${number}`;
  const elements = imageElements({ 0x00080018: element(0x00080018, 'UI', uid) });
  const meta = metaOf(SYNTAX.explicit, CT_IMAGE, uid);
  return fileOf(writeDataSet(elements, writingOf(SYNTAX.explicit)), { meta });
}

describe('DICOM nodes', function () {
  this.timeout(10_000);
  const flow = new TestFlow();
  let folder: string;
  let archive: ImageArchive;
  let archivePort: number;
  let stationPort: number;
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dicom-nodes-'));
    [archivePort, stationPort] = [await freePort(), await freePort()];
  });
  afterEach(async () => {
    await flow.undeploy();
    await archive?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const startArchive = async (options: Partial<ImageArchiveOptions> = {}): Promise<void> => {
    archive = new ImageArchive({ aeTitle: 'PLATFORM', port: archivePort, host: '127.0.0.1', ...options });
    await archive.start();
  };
  const deploy = (...nodes: readonly FlowNode[]): Promise<void> =>
    flow.deploy(
      [
        {
          id: 's',
          type: 'exchange-store',
          kind: 'embedded',
          file: path.join(folder, 'store.db'),
          firstDelay: '1',
        },
        {
          id: 'peer',
          type: 'dicom-peer',
          aeTitle: 'PLATFORM',
          host: '127.0.0.1',
          port: String(archivePort),
          callingAeTitle: 'NODERED',
          associations: '2',
          timeout: '5',
        },
        {
          id: 'station',
          type: 'dicom-station',
          aeTitle: 'NODERED',
          host: '127.0.0.1',
          port: String(stationPort),
          folder: path.join(folder, 'incoming'),
          checkCalledAeTitle: true,
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        ...['ok', 'no', 'studies', 'caught'].map(id => ({ id, type: 'helper', wires: [] })),
        ...nodes,
      ],
      {},
      { s: { key: 'TEST-STORE-KEY' } },
    );
  const send = (changes: object = {}): FlowNode => ({
    id: 'send',
    type: 'dicom-send',
    store: 's',
    peer: 'peer',
    target: 'storage',
    property: 'payload',
    propertyType: 'msg',
    delivery: 'durable',
    handover: 'auto',
    efilm: false,
    efilmNewUids: false,
    wires: [['ok'], ['no'], []],
    ...changes,
  });
  const retrieve = (changes: object = {}): FlowNode => ({
    id: 'retrieve',
    type: 'dicom-retrieve',
    store: 's',
    peer: 'peer',
    method: 'get',
    station: 'station',
    property: 'payload',
    propertyType: 'msg',
    level: 'STUDY',
    folder: path.join(folder, 'retrieved'),
    delivery: 'durable',
    handover: 'auto',
    wires: [['ok'], ['no']],
    ...changes,
  });
  const receive = (changes: object = {}): FlowNode => ({
    id: 'receive',
    type: 'dicom-receive',
    store: 's',
    station: 'station',
    quietTime: '30',
    onRelease: true,
    handover: 'auto',
    wires: [['studies']],
    ...changes,
  });
  /** Files of the study in a folder. */
  const filesOf = (count: number): string => {
    const images = path.join(folder, 'images');
    fs.mkdirSync(images, { recursive: true });
    for (let number = 1; number <= count; number++)
      fs.writeFileSync(path.join(images, `${number}.dcm`), image(number));
    return images;
  };
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller expects
  const next = async <T>(
    id: string,
  ): Promise<{ payload: T; exchange: Record<string, unknown>; msg: Message }> => {
    const msg = await flow.next(id);
    return { payload: msg.payload as T, exchange: msg['exchange'] as Record<string, unknown>, msg };
  };

  describe('dicom-send', () => {
    it('sends a folder, and tells what became of each object', async () => {
      await startArchive();
      await deploy(send());
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: filesOf(5), row: 7 });
      const { payload, exchange, msg } = await ok;
      assert.deepEqual([payload.total, payload.accepted, payload.failed], [5, 5, 0]);
      assert.deepEqual([exchange['outcome'], exchange['key'], msg['row']], ['accepted', STUDY, 7]);
      assert.equal(archive.received().length, 5);
    });
    it('takes bytes, and sends them as they are', async () => {
      await startArchive();
      await deploy(send());
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: [image(1), image(2)] });
      assert.equal((await ok).payload.accepted, 2);
      assert.deepEqual(
        archive.received().map(({ modality }) => modality),
        ['CT', 'CT'],
      );
    });
    it('makes electronic film of it', async () => {
      await startArchive();
      await deploy(send({ efilm: true }));
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: filesOf(2) });
      assert.equal((await ok).payload.accepted, 2);
      assert.deepEqual(
        archive
          .received()
          .map(({ modality, sopInstanceUid }) => `${modality} ${sopInstanceUid}`)
          .toSorted(),
        [`EFILM ${UID_ROOT}.3.1`, `EFILM ${UID_ROOT}.3.2`],
      );
    });
    it('sends again only what the archive had no room for', async () => {
      await startArchive({ faults: { object: onNth(2, { kind: 'status', status: 0xa700 }) } });
      await deploy(send());
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: filesOf(4) });
      const { payload, exchange } = await ok;
      assert.deepEqual([payload.accepted, exchange['attempts']], [4, 2]);
      const counts = new Map<string, number>();
      for (const { sopInstanceUid } of archive.received())
        counts.set(sopInstanceUid, (counts.get(sopInstanceUid) ?? 0) + 1);
      assert.ok(
        [...counts.values()].every(count => count === 1),
        'nothing was taken twice',
      );
    });
    it('names the objects that the archive refuses for good', async () => {
      await startArchive({ faults: { object: onNth(2, { kind: 'status', status: 0xc000 }) } });
      await deploy(send());
      const no = next<Sent>('no');
      flow.receive('send', { payload: filesOf(3) });
      const { payload, exchange } = await no;
      assert.deepEqual([payload.total, payload.failed, exchange['outcome']], [3, 1, 'refused']);
      assert.deepEqual(payload.objects.map(({ class: kind, status }) => `${kind} ${status}`).toSorted(), [
        'failed C000',
        'success 0000',
        'success 0000',
      ]);
    });
    it('waits for an archive that is down, and delivers when it is up', async () => {
      await deploy(send());
      flow.receive('send', { payload: filesOf(2) });
      await startArchive();
      assert.equal((await next<Sent>('ok')).payload.accepted, 2);
    });
    it('says in words what is no image', async () => {
      await deploy(send());
      fs.writeFileSync(path.join(folder, 'text.dcm'), 'no image');
      const caught = flow.next('caught');
      flow.receive('send', { payload: path.join(folder, 'text.dcm') });
      const error = (await caught)['error'] as { code: string; message: string };
      assert.equal(error.code, 'DICOM_FILE');
      assert.match(error.message, /DICOM/);
    });
    it('writes into a share under the template', async () => {
      fs.mkdirSync(path.join(folder, 'share'));
      await deploy(
        send({
          target: 'share',
          directory: path.join(folder, 'share'),
          template: '{org}/{accession}/{sopuid}.dcm',
          organization: '000000T0001',
        }),
      );
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: filesOf(2) });
      assert.equal((await ok).payload.accepted, 2);
      const written = path.join(folder, 'share', '000000T0001', 'ACC0001', `${UID_ROOT}.3.1.dcm`);
      assert.ok(fs.existsSync(written));
    });
    it('sends directly, for a flow that waits', async () => {
      await startArchive();
      await deploy(send({ delivery: 'direct', store: '' }));
      const ok = next<Sent>('ok');
      flow.receive('send', { payload: filesOf(2) });
      assert.equal((await ok).payload.accepted, 2);
    });
  });

  describe('dicom-retrieve', () => {
    const hold = (count: number): Promise<void> =>
      startArchive({
        objects: Array.from({ length: count }, (_, n) => image(n + 1)),
        destinations: { NODERED: { host: '127.0.0.1', port: stationPort } },
      });
    for (const method of ['get', 'move'] as const) {
      it(`fetches a study by C-${method.toUpperCase()}, images on disk and not in the message`, async () => {
        await hold(3);
        await deploy(retrieve({ method }));
        const ok = next<Study & { expected: number }>('ok');
        flow.receive('retrieve', { payload: { StudyInstanceUID: STUDY } });
        const { payload } = await ok;
        assert.deepEqual(
          [payload.studyInstanceUid, payload.patientId, payload.accessionNumber, payload.expected],
          [STUDY, 'P0001', 'ACC0001', 3],
        );
        assert.ok(payload.files.length === 3 && payload.files.every(({ file }) => fs.existsSync(file)));
      });
    }
    it('takes the keys of an exam report, and refuses images of another patient', async () => {
      await hold(1);
      await deploy(retrieve({ property: 'report' }));
      const ok = next<Study>('ok');
      const report = {
        study_instance_uid: STUDY,
        patient_id: 'OTHER',
        patient_local_id: 'P0001',
        pacs_id: 'ACC0001',
      };
      flow.receive('retrieve', { report });
      assert.equal((await ok).payload.files.length, 1);
      const no = next('no');
      flow.receive('retrieve', { report: { ...report, patient_local_id: 'P0002' } });
      const { exchange } = await no;
      assert.equal((exchange['error'] as { code: string }).code, 'DICOM_KEYS');
    });
    it('says that there is no such study', async () => {
      await hold(1);
      await deploy(retrieve());
      const no = next('no');
      flow.receive('retrieve', { payload: { PatientID: 'P0001', AccessionNumber: 'NONE' } });
      assert.equal(((await no).exchange['error'] as { code: string }).code, 'DICOM_NOT_FOUND');
    });
    it('answers a plain query', async () => {
      await hold(1);
      await deploy(retrieve({ method: 'find' }));
      const ok = next<Record<string, string>[]>('ok');
      flow.receive('retrieve', { payload: { PatientID: 'P0001', StudyInstanceUID: '', PatientName: '' } });
      const { payload } = await ok;
      assert.deepEqual([payload.length, payload[0]?.['StudyInstanceUID']], [1, STUDY]);
    });
  });

  describe('dicom-receive', () => {
    before(function () {
      needsPeer(this, 'DCMTK', works('storescu', '--version'));
    });
    const storescu = (...files: string[]): Promise<unknown> =>
      run('storescu', ['-aet', 'MODALITY', '-aec', 'NODERED', '127.0.0.1', String(stationPort), ...files]);

    it('gives one message for a study, when its association has ended', async () => {
      await deploy(receive());
      const images = filesOf(3);
      const study = next<Study>('studies');
      await storescu('+sd', images);
      const { payload } = await study;
      assert.deepEqual(
        [payload.studyInstanceUid, payload.patientId, payload.accessionNumber, payload.files.length],
        [STUDY, 'P0001', 'ACC0001', 3],
      );
      const source = fs.readFileSync(path.join(images, '1.dcm'));
      const stored = fs.readFileSync(payload.files[0]?.file ?? '');
      const dataSetOf = (file: Buffer): Buffer => file.subarray(144 + file.readUInt32LE(140));
      // The sender writes sequences in its own manner; the pixels are as they were.
      assert.equal(dataSetOf(stored).subarray(-32).equals(dataSetOf(source).subarray(-32)), true);
    });
    it('tells after a new start of objects that the flow did not know of', async () => {
      await deploy(receive({ onRelease: false, quietTime: '60' }));
      await storescu('+sd', filesOf(2));
      await flow.undeploy();
      await deploy(receive());
      assert.equal((await next<Study>('studies')).payload.files.length, 2);
    });
    it('the chain: received, sent on as images and as film; each study handed over', async () => {
      await startArchive();
      await deploy(
        receive({ wires: [['send', 'film']] }),
        send({ wires: [['ok'], ['no'], []] }),
        send({ id: 'film', efilm: true, efilmNewUids: true, wires: [['ok'], ['no'], []] }),
      );
      const done: unknown[] = [];
      const both = new Promise<void>(resolve => flow.each('ok', msg => done.push(msg) === 2 && resolve()));
      await storescu('+sd', filesOf(2));
      await both;
      assert.deepEqual(
        archive
          .received()
          .map(({ modality }) => modality)
          .toSorted(),
        ['CT', 'CT', 'EFILM', 'EFILM'],
      );
    });
  });
});
