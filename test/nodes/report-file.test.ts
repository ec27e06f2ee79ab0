import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReportFileProps } from '../../nodes/report-file/report-file.props';
import { type Message, TestFlow } from '../support/flow';
import { halfOpen, misbehave } from '../support/misbehaving-server';
import { filesBelow, jpg, pdf, temporaryFolder } from '../support/report-files';

const KEY = 'a signing key of a test';
const REPORT = { report_form_no: 'TESTR0001', name: '测试甲' };

const defaults: ReportFileProps = {
  name: '',
  mode: 'publish',
  target: 'share',
  property: 'payload',
  propertyType: 'msg',
  template: '{REPORT_FORM_NO}.{ext}',
  directory: '',
  conflict: 'replace',
  urlPath: '/exchange/reports',
  baseUrl: '\\\\fileserver\\reports',
  mountedAt: '',
  signed: false,
  expiryDays: '30',
  allowedNetworks: '',
  trustProxy: false,
  ftpHost: '',
  ftpPort: '21',
  ftpSecure: false,
  tls: '',
  maxMiB: '1',
  timeout: '10',
};

describe('report-file', () => {
  const flow = new TestFlow();
  let folder: string;
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(() => {
    folder = temporaryFolder('node');
  });
  afterEach(async () => {
    await flow.undeploy();
    fs.rmSync(folder, { recursive: true });
  });

  const node = (
    id: string,
    settings: Partial<ReportFileProps>,
  ): Parameters<TestFlow['deploy']>[0][number] => ({
    id,
    type: 'report-file',
    ...defaults,
    directory: folder,
    ...settings,
    wires: [['out']],
  });
  const deploy = (
    settings: Partial<ReportFileProps> = {},
    credentials: Record<string, string> = {},
    ...others: Parameters<typeof node>[]
  ): Promise<void> =>
    flow.deploy(
      [
        node('file', settings),
        ...others.map(one => node(...one)),
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'complete1', type: 'complete', scope: ['file'], wires: [['completed']] },
        ...['out', 'caught', 'completed'].map(id => ({ id, type: 'helper', wires: [] })),
      ],
      {},
      { file: credentials },
    );
  const errorOf = (msg: Message): { code: string; message: string } => msg['error'] as never;
  const failure = async (msg: Record<string, unknown>): Promise<{ code: string; message: string }> => {
    const caught = flow.next('caught');
    flow.receive('file', msg);
    return errorOf(await caught);
  };
  const result = async (msg: Record<string, unknown>): Promise<Message & { payload: string }> => {
    const out = flow.next('out');
    flow.receive('file', msg);
    return (await out) as Message & { payload: string };
  };

  it('publishes on a share; the address, the story and the rest of the message go on', async () => {
    await deploy();
    const completed = flow.next('completed');
    const msg = await result({
      payload: pdf(),
      report: REPORT,
      topic: 'kept',
      exchange: { handover: 'h1', outcome: 'x' },
    });
    const address = '\\\\fileserver\\reports\\TESTR0001.pdf';
    assert.deepEqual([msg.payload, msg['reportfilepath'], msg['topic']], [address, address, 'kept']);
    assert.equal(msg['report'], REPORT);
    const { sha256, startedAt, durationMs, ...story } = msg['exchange'] as Record<string, unknown>;
    assert.deepEqual(story, {
      handover: 'h1',
      service: 'ReportFilePath',
      outcome: 'accepted',
      change: 'created',
      type: 'pdf',
      bytes: pdf().length,
      warnings: [],
    });
    assert.match(`${String(sha256)} ${String(startedAt)}`, /^[\da-f]{64} \d{4}-\d\d-\d\dT/);
    assert.equal(typeof durationMs, 'number');
    assert.ok(fs.readFileSync(path.join(folder, 'TESTR0001.pdf')).equals(pdf()));
    await completed;
  });

  it('takes a path from any property, and values from the message itself or its payload', async () => {
    const source = path.join(folder, '原件.jpg');
    fs.writeFileSync(source, jpg('x'));
    await deploy({ property: 'payload.picture', template: '{payload.dept}/{no}-{file}.{ext}', baseUrl: '' });
    const { payload } = await result({ payload: { picture: source, dept: 'CT', NO: 7 } });
    assert.equal(payload, path.join(folder, 'CT/7-原件.jpg'));
    assert.ok(fs.existsSync(payload));
  });

  it('serves over HTTP to the allowed, counts in the status, and is gone after the redeploy', async () => {
    await deploy({ target: 'http', baseUrl: `${flow.url}/`, allowedNetworks: '127.0.0.0/8' });
    const { payload } = await result({ payload: pdf(), report: REPORT });
    assert.match(payload, new RegExp(`^${flow.url}/exchange/reports/[\\da-f]{32}\\.pdf$`));
    const answer = await fetch(payload);
    assert.equal(answer.status, 200);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(pdf()));
    assert.equal((await fetch(payload.replace(/[\da-f]{32}/, '0'.repeat(32)))).status, 404);
    while (!flow.statuses('file').includes('↓ 1')) await pause(20);
    await flow.undeploy();
    await deploy({ target: 'http', baseUrl: flow.url, allowedNetworks: '10.0.0.0/8' });
    assert.equal((await fetch(payload)).status, 403);
    await flow.undeploy();
    await deploy();
    assert.equal((await fetch(payload)).status, 404);
  });

  it('signs with the key of its credentials', async () => {
    await deploy({ target: 'http', baseUrl: flow.url, signed: true }, { signKey: KEY });
    const { payload } = await result({ payload: pdf(), report: REPORT });
    assert.equal((await fetch(payload)).status, 200);
    assert.equal((await fetch(payload.replace(/e=\d+/, 'e=9999999999'))).status, 404);
    assert.equal(filesBelow(folder).includes('.report-file-key'), false);
  });

  for (const [what, settings, credentials] of [
    ['a signing key', { target: 'http', baseUrl: 'http://h', signed: true }, {}],
    ['a long signing key', { target: 'http', baseUrl: 'http://h', signed: true }, { signKey: 'short' }],
    ['the address of this Node-RED', { target: 'http', baseUrl: '' }, {}],
    ['networks', { target: 'http', baseUrl: 'http://h', allowedNetworks: 'x' }, {}],
    ['an FTP server', { target: 'ftp' }, {}],
    ['a folder', { directory: ' ' }, {}],
    ['a template', { template: '../{no}' }, {}],
    ['a folder to fetch to', { mode: 'fetch', directory: '' }, {}],
  ] as [string, Partial<ReportFileProps>, Record<string, string>][]) {
    it(`says that it needs ${what}`, async () => {
      await deploy(settings, credentials);
      assert.equal((await failure({ payload: pdf(), report: REPORT })).code, 'CONFIG');
      assert.deepEqual(flow.statuses('file'), ['not-ready']);
    });
  }

  it('a second node on the same path says so', async () => {
    const http = { target: 'http', baseUrl: 'http://h' } as const;
    await deploy(http, {}, ['second', http]);
    assert.deepEqual(
      [...flow.statuses('file'), ...flow.statuses('second')].filter(text => text === 'not-ready'),
      ['not-ready'],
    );
  });

  it('errors go to Catch, in both languages, without patient data; the node lives on', async () => {
    await deploy();
    for (const [payload, code] of [
      [pdf({ trailer: '/Encrypt 9 0 R', text: '测试甲' }), 'CONTRACT'],
      [Buffer.from('测试甲'), 'CONTRACT'],
      [Buffer.alloc(2 * 1024 * 1024, pdf()), 'TOO_LARGE'],
      ['/data/测试甲.pdf', 'CONTRACT'],
      [null, 'CONTRACT'],
      [5, 'CONTRACT'],
    ] as const) {
      const error = await failure({ payload, report: REPORT });
      assert.equal(error.code, code);
      assert.match(error.message, /\p{Script=Han}.* \| .*[a-z]/u);
      assert.doesNotMatch(JSON.stringify(error), /测试甲|TESTR0001/);
    }
    assert.equal((await failure({ payload: pdf() })).code, 'CONTRACT', 'no report number');
    assert.deepEqual(filesBelow(folder), []);
    assert.equal((await result({ payload: pdf(), report: REPORT })).payload.endsWith('TESTR0001.pdf'), true);
  });

  it('hostile report numbers stay in the folder', async () => {
    await deploy({ baseUrl: '' });
    for (const no of ['../../../etc/x', '..\\..\\x', '/etc/x', 'CON', 'a\0b', 'C:\\x']) {
      const { payload } = await result({ payload: pdf({ text: no }), report: { report_form_no: no } });
      assert.equal(path.dirname(payload), folder, no);
    }
    assert.equal(filesBelow(folder).length, 6);
  });

  it('leaves a login in the prefix out', async () => {
    await deploy({ target: 'share', baseUrl: 'ftp://user:secret@h/r' });
    assert.equal((await result({ payload: pdf(), report: REPORT })).payload, 'ftp://h/r/TESTR0001.pdf');
  });

  it('fetches an address that the other side published', async () => {
    const shelf = path.join(folder, 'shelf');
    const fetched = path.join(folder, 'fetched');
    await deploy({ target: 'http', baseUrl: flow.url, directory: shelf }, {}, [
      'fetcher',
      { mode: 'fetch', directory: fetched, template: '{report_form_no}.{ext}', baseUrl: '' },
    ]);
    const { payload, exchange: _before, ...rest } = await result({ payload: pdf(), report: REPORT });
    const out = flow.next('out');
    flow.receive('fetcher', { ...rest, payload });
    const msg = await out;
    const file = path.join(fetched, 'TESTR0001.pdf');
    assert.equal(msg.payload, file);
    assert.ok(fs.readFileSync(file).equals(pdf()));
    assert.equal((msg['exchange'] as { change: string }).change, 'created');
  });

  it('a redeploy ends a fetch that hangs', async () => {
    const silent = await misbehave(halfOpen);
    await deploy({ mode: 'fetch', baseUrl: '' });
    const caught = failure({ payload: `http://127.0.0.1:${silent.port}/a.pdf` });
    while (silent.requests.length === 0) await pause(5);
    const started = Date.now();
    await flow.undeploy();
    assert.ok(Date.now() - started < 3000);
    await Promise.race([caught, pause(1)]);
    await silent.close();
    assert.deepEqual(filesBelow(folder), []);
  });
});
