/** Objects for peers that do not accept their transfer syntax: storescp gets them in one that it does. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Delivered } from '../../lib/delivery/channel';
import { MemoryBytes } from '../../lib/dicom/byte-source';
import type { SendMode, SentStudy } from '../../lib/dicom/send-study';
import { readOutgoing } from '../../lib/dicom/outgoing';
import { sendStudy, studyItems } from '../../lib/dicom/send-study';
import { type Outgoing, storeObjects } from '../../lib/dicom/store-scu';
import { SYNTAX, UID_ROOT, element, fragments } from '../support/dicom-files';
import {
  Programs,
  SAMPLES,
  type Sample,
  dcmtk,
  filesByUid,
  hasDcmtk,
  localPeer,
  opened,
  outgoing,
  sampleOf,
  writeSamples,
} from '../support/dicom-peer-programs';
import { needsPeer } from '../support/peer';
import { temporaryFolder } from '../support/report-files';

const AS_IS: SendMode = { efilm: false, newUids: false };
const PLAIN = SAMPLES.filter(
  ({ syntax, sopClassUid }) =>
    syntax !== SYNTAX.jpeg && syntax !== SYNTAX.rle && !sopClassUid.startsWith(UID_ROOT),
);

/** Elements and values as dcmdump shows them; with implicit VR it cannot know the VRs of private elements. */
async function valuesOf(file: string): Promise<string[]> {
  const { output } = await dcmtk('dcmdump', '-q', '+L', file);
  return output
    .split('\n')
    .filter(line => /^ *\((?!0002|fffe|\w{4},0000)/.test(line))
    .map(line => line.replace(/ +# .*$/, '').replace(/\(Sequence with .*$/, '(Sequence)'))
    .map(line => line.replace(/^( *\(\w{3}[13579bdf],\w{4}\)).*$/, '$1'));
}

describe('DICOM: sending to peers that do not accept the transfer syntax', function () {
  this.timeout(30_000);
  const programs = new Programs();
  let folder: string;
  let received: string;
  before(function () {
    needsPeer(this, 'dcmtk', hasDcmtk());
  });
  beforeEach(() => {
    folder = temporaryFolder('recode');
    received = path.join(folder, 'received');
    fs.mkdirSync(received);
  });
  afterEach(async () => {
    await programs.end();
    fs.rmSync(folder, { recursive: true });
  });

  const start = (...options: readonly string[]): Promise<number> =>
    programs.start('storescp', port => ['+B', '-od', received, ...options, String(port)]);

  const send = async (files: readonly string[], port: number, mode: SendMode): Promise<Delivered> => {
    const items = studyItems(await readOutgoing(files, () => Promise.reject(new Error('no bytes'))), mode);
    assert.equal(items.length, 1);
    const saved: string[] = [];
    const work = {
      id: '1',
      service: 'C-STORE',
      content: items[0]!.content,
      doubtful: false,
      save: (content: string): Promise<void> => {
        saved.push(content);
        return Promise.resolve();
      },
    };
    const { signal } = new AbortController();
    const first = await sendStudy(work, localPeer(port), { associations: 2 }, signal);
    if (first.state === 'accepted') {
      // What is known of the first time is told again without sending: nobody listens there.
      const known = { ...work, content: saved.at(-1)! };
      assert.deepEqual(await sendStudy(known, localPeer(1), { associations: 2 }, signal), first);
    }
    return first;
  };

  const receivedFile = ({ sopInstanceUid }: Pick<Sample, 'sopInstanceUid'>): string => {
    const name = fs.readdirSync(received).find(one => one.endsWith(`.${sopInstanceUid}`));
    assert.ok(name, sopInstanceUid);
    return path.join(received, name);
  };

  it('writes them with implicit VR: DCMTK reads the same values', async () => {
    const files = writeSamples(path.join(folder, 'source'), PLAIN);
    const { state, payload } = await send(files, await start('+xi'), AS_IS);
    assert.equal(state, 'accepted');
    const { objects } = payload as SentStudy;
    for (const [at, one] of PLAIN.entries()) {
      const file = receivedFile(one);
      const { syntax, dataSet } = opened(fs.readFileSync(file));
      assert.equal(syntax, SYNTAX.implicit);
      const isRecoded = one.syntax !== SYNTAX.implicit;
      assert.equal(objects[at]?.recodedTo, isRecoded ? SYNTAX.implicit : undefined, one.name);
      if (!isRecoded) assert.ok(dataSet.equals(one.dataSet));
      assert.deepEqual(await valuesOf(file), await valuesOf(files[at]!), one.name);
    }
  });

  it('makes electronic films of them on the way', async () => {
    const files = writeSamples(path.join(folder, 'source'), PLAIN);
    for (const newUids of [false, true]) {
      const { state, payload } = await send(files, await start('+xi'), { efilm: true, newUids });
      assert.equal(state, 'accepted');
      const { objects } = payload as SentStudy;
      assert.ok(objects.every(({ recodedTo }, at) => !recodedTo === (PLAIN[at]?.syntax === SYNTAX.implicit)));
      const arrived = fs.readdirSync(received);
      assert.equal(arrived.length, PLAIN.length);
      for (const name of arrived) {
        const file = path.join(received, name);
        const values = await valuesOf(file);
        assert.ok(values.includes('(0008,0060) CS [EFILM]'), name);
        if (newUids) continue;
        const at = PLAIN.findIndex(({ sopInstanceUid }) => name.endsWith(`.${sopInstanceUid}`));
        const before = (await valuesOf(files[at]!)).map(line =>
          line.startsWith('(0008,0060)') ? '(0008,0060) CS [EFILM]' : line,
        );
        assert.deepEqual(values, before, name);
      }
      await programs.end();
      for (const name of arrived) fs.rmSync(path.join(received, name));
    }
  });

  it('changes nothing for a peer that accepts their own', async () => {
    const files = writeSamples(path.join(folder, 'source'), PLAIN);
    const { state, payload } = await send(files, await start('+xa'), AS_IS);
    assert.equal(state, 'accepted');
    assert.ok((payload as SentStudy).objects.every(one => !('recodedTo' in one)));
    const arrived = filesByUid(received);
    for (const one of PLAIN) {
      const { syntax, dataSet } = opened(arrived.get(one.sopInstanceUid)!);
      assert.equal(syntax, one.syntax);
      assert.ok(dataSet.equals(one.dataSet), one.name);
    }
  });

  it('lets an object that cannot be recoded fail alone, before it is sent', async () => {
    const broken = sampleOf('fragments where none may be', 77, {
      changed: { 0x7fe00010: fragments(Buffer.alloc(70_000, 1)) },
    });
    const all = [PLAIN[0]!, broken, PLAIN[1]!, PLAIN[2]!];
    const files = writeSamples(path.join(folder, 'source'), all);
    const { state, payload } = await send(files, await start('+xi'), AS_IS);
    assert.equal(state, 'refused');
    const { objects, failed } = payload as SentStudy;
    assert.equal(failed, 1);
    assert.deepEqual(
      objects.map(({ class: kind }) => kind),
      ['success', 'failed', 'success', 'success'],
    );
    assert.match(objects[1]?.comment ?? '', /compressed/);
  });

  it('keeps all contexts of an object in one association, with more of them than one can have', async () => {
    const port = await start('+xi', '-pm');
    // 100 classes with two syntaxes each need two associations; those of a class must not be parted.
    const objects = Array.from({ length: 100 }, (_, at): Outgoing => {
      const one = sampleOf('', 1000 + at, { sopClassUid: `${UID_ROOT}.77.${at}` });
      const implicit = sampleOf('', 1000 + at, {
        sopClassUid: one.sopClassUid,
        syntax: SYNTAX.implicit,
        changed: { 0x00080070: element(0x00080070, 'LO', 'ALTERNATIVE') },
      });
      return {
        ...outgoing(one),
        alternatives: [
          {
            transferSyntaxUid: SYNTAX.implicit,
            open: () => Promise.resolve(new MemoryBytes(implicit.dataSet)),
          },
        ],
      };
    });
    const results = await storeObjects(localPeer(port), objects, { associations: 1 });
    assert.deepEqual(
      new Set(results.map(({ class: kind, recodedTo }) => `${kind} ${recodedTo}`)),
      new Set([`success ${SYNTAX.implicit}`]),
    );
    assert.equal(filesByUid(received).size, 100);
  });

  it('takes the first alternative that the peer accepts, and says what it does not accept', async () => {
    const port = await start('+xe');
    const [sample] = PLAIN;
    const way = (
      transferSyntaxUid: string,
      bytes: Buffer,
    ): NonNullable<Outgoing['alternatives']>[number] => ({
      transferSyntaxUid,
      open: () => Promise.resolve(new MemoryBytes(bytes)),
    });
    const jpeg = { ...outgoing(sample!), transferSyntaxUid: SYNTAX.jpeg };
    const [taken, none] = await Promise.all(
      [
        [
          way(SYNTAX.rle, Buffer.alloc(0)),
          way(SYNTAX.explicit, sample!.dataSet),
          way(SYNTAX.implicit, Buffer.alloc(0)),
        ],
        [way(SYNTAX.rle, Buffer.alloc(0))],
      ].map(alternatives => storeObjects(localPeer(port), [{ ...jpeg, alternatives }], { associations: 1 })),
    );
    assert.deepEqual([taken?.[0]?.class, taken?.[0]?.recodedTo], ['success', SYNTAX.explicit]);
    assert.deepEqual([none?.[0]?.error?.code, none?.[0]?.recodedTo], ['DICOM_CONTEXT', undefined]);
    assert.ok(fs.readFileSync(receivedFile(sample!)).includes(sample!.dataSet));
  });
});
