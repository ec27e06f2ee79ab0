/** The alert node in a real flow: what it says of a platform that is away, and what a deploy changes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { NodeAPI } from 'node-red';
import type { Alert } from '../../lib/alert/alert';
import { SqliteDatabase } from '../../lib/sqlite';
import { certificatesOf } from '../../nodes/exchange-alert/surroundings';
import { type FlowNode, type Message, TestFlow } from '../support/flow';
import { labInput } from '../support/lab-report';
import { makeCertificates, portOf } from '../support/misbehaving-server';
import { needsPeer, works } from '../support/peer';
import { freePort } from '../support/port';
import { until } from '../support/until';

const NOTHING = {
  delivery: false,
  queue: false,
  waiting: false,
  disk: false,
  certificates: false,
  audit: false,
  databases: false,
};
const GONE = 'http://127.0.0.1:9/IAutoReport.asmx';

describe('the certificates of an alert node', () => {
  it('are those of the TLS nodes that nodes of this package use', () => {
    const defs = [
      { id: 'profile', type: 'exchange-profile', tls: 'one' },
      { id: 'station', type: 'dicom-station', tls: 'one' },
      { id: 'peer', type: 'dicom-peer', tls: 'two' },
      { id: 'file', type: 'report-file', tls: '' },
      { id: 'broker', type: 'mqtt-broker', tls: 'three' },
    ];
    const nodes = {
      eachNode: (visit: (def: object) => void) => defs.forEach(visit),
      getNode: (id: string) => ({
        name: id === 'one' ? '院方证书' : '',
        addTLSOptions: () => ({ cert: id }),
      }),
    };
    assert.deepEqual(certificatesOf({ nodes } as unknown as NodeAPI), [
      { id: 'one', name: '院方证书', options: { cert: 'one' } },
      { id: 'two', name: 'two', options: { cert: 'two' } },
    ]);
  });
});

describe('the alert node', function () {
  this.timeout(30_000);
  const flow = new TestFlow();
  let folder: string;
  let told: (Message & { readonly alert?: Alert })[];
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'alert-'));
    told = [];
  });
  afterEach(async () => {
    await flow.undeploy();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const deploy = async (
    changes: object,
    nodes: readonly FlowNode[] = [],
    archiveUrl = GONE,
  ): Promise<void> => {
    await flow.deploy(
      [
        {
          id: 's',
          type: 'exchange-store',
          name: '本机消息库',
          kind: 'embedded',
          file: path.join(folder, 'store.db'),
          firstDelay: '1',
          maxDelay: '1',
        },
        {
          id: 'alerts',
          type: 'exchange-alert',
          profile: '',
          store: '',
          language: 'zh',
          short: false,
          wires: [['out']],
          ...NOTHING,
          ...changes,
        },
        { id: 'out', type: 'helper', wires: [] },
        ...nodes,
      ],
      { archiveUrl, store: 's', orgName: '测试医院' },
    );
    flow.each('out', msg => told.push(msg));
  };
  const lab: FlowNode = {
    id: 'lab',
    type: 'lab-register',
    name: '检验报告注册',
    profile: 'p',
    property: 'payload',
    propertyType: 'msg',
    delivery: 'durable',
    handover: 'sent',
    wires: [[], []],
  };
  const lookNow = (): void => flow.receive('alerts', { payload: 'look' });
  const kinds = (): (string | undefined)[] => told.map(({ alert }) => alert?.kind);

  it('tells of a platform that is away, in words for people and for programs, and nothing of a patient', async () => {
    await deploy({ delivery: true, profile: 'p' }, [lab]);
    for (let n = 0; n < 6; n++)
      flow.receive('lab', { payload: { ...labInput, report_form_no: `TESTR100${n}` } });
    await until('the alert is there', () => {
      lookNow();
      return told.length > 0;
    });
    const [msg] = told;
    assert.match(msg?.topic ?? '', /^【告警】测试医院 对方无应答：/);
    assert.equal(typeof msg?.payload, 'string');
    assert.match(String(msg?.payload), /条消息在消息库中等待。原因：[\s\S]*\n处理：/);
    assert.deepEqual(
      [msg?.alert?.kind, msg?.alert?.level, msg?.alert?.state],
      ['destination-down', 'error', 'raised'],
    );
    assert.doesNotMatch(JSON.stringify(told), /测试甲|TESTR100|TESTP0001|PLACEHOLDER/);
    await until('the status shows it', () => flow.statuses('alerts').some(text => text === '⚠ 1'));
    await flow.redeployOnly('alerts');
    flow.each('out', again => told.push(again));
    lookNow();
    await until('it watches again', () => flow.statuses('alerts').includes('⚠ 1'));
    assert.equal(told.length, 1, 'a deploy repeats nothing');
  });

  it('takes its settings from texts, and says which cannot be used', async () => {
    await deploy({ disk: true, diskPercent: 'much' });
    await until('it says so', () => flow.statuses('alerts').includes('bad-settings'));
    const answer = await flow.admin().post('/exchange-alert/test').send({ id: 'alerts' });
    assert.equal((answer.body as { ok: boolean }).ok, false);
  });

  it('watches the disk of the store, of images and of report files', async () => {
    const images = path.join(folder, 'images');
    await deploy({ disk: true, diskMiB: '1048576' }, [
      {
        id: 'station',
        type: 'dicom-station',
        aeTitle: 'NODERED',
        port: String(await freePort()),
        host: '127.0.0.1',
        folder: images,
        tls: '',
      },
      {
        id: 'file',
        type: 'report-file',
        mode: 'publish',
        target: 'share',
        property: 'payload',
        propertyType: 'msg',
        template: '{report_form_no}.{ext}',
        directory: path.join(folder, 'reports'),
        conflict: 'replace',
        urlPath: '',
        baseUrl: '',
        mountedAt: '',
        ftpHost: '',
        allowedNetworks: '',
        maxMiB: '50',
        timeout: '60',
        tls: '',
        wires: [[]],
      },
    ]);
    lookNow();
    await until('the alert is there', () => told.length > 0);
    const [{ alert } = {}] = told;
    assert.deepEqual([told.length, alert?.kind], [1, 'disk']);
    for (const place of [folder, images, path.join(folder, 'reports')])
      assert.ok(alert?.text.zh.split(/：|、/).includes(place), `${place} in ${alert?.text.zh}`);
  });

  it('watches one store alone when that is chosen', async () => {
    const broken = { id: 'broken', type: 'exchange-store', name: '坏库', kind: 'embedded', keepAudit: '1' };
    await deploy({ delivery: true, store: 's' }, [broken]);
    lookNow();
    await until('it has looked', () => flow.statuses('alerts').includes('watching'));
    assert.deepEqual(kinds(), []);
    await flow.undeploy();
    await deploy({ delivery: true, language: 'both', short: true }, [broken]);
    lookNow();
    await until('the alert is there', () => told.length > 0);
    assert.deepEqual(kinds(), ['store']);
    const text = String(told[0]?.payload);
    assert.match(text, /坏库[\s\S]*\n[\s\S]*keepAudit/);
    assert.ok([...text].length <= 500);
  });

  it('watches a database that is out of reach', async () => {
    await deploy({ databases: true }, [
      {
        id: 'his',
        type: 'hospital-database',
        name: '检验库',
        kind: 'sqlite',
        file: '/no/such/folder/his.db',
      },
      {
        id: 'run',
        type: 'database-run',
        database: 'his',
        kind: 'sql',
        statement: 'select 1',
        sqlParameters: [],
        output: 'rows',
        batch: '1',
        pace: 'free',
        wires: [[]],
      },
    ]);
    await until('the alert is there', () => {
      flow.receive('run', {});
      lookNow();
      return told.length > 0;
    });
    assert.deepEqual([kinds()[0], told[0]?.alert?.subject], ['database', '检验库']);
  });

  it('watches the certificate of an address that the profile calls', async function () {
    needsPeer(this, 'openssl', works('openssl', 'version'));
    const { cert, key } = makeCertificates().good;
    const server = https.createServer({ cert, key });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const at = `127.0.0.1:${portOf(server)}`;
    try {
      await deploy({ certificates: true }, [], `https://${at}/IAutoReport.asmx`);
      lookNow();
      await until('the alert is there', () => told.length > 0);
    } finally {
      server.close();
    }
    assert.deepEqual([kinds()[0], told[0]?.alert?.subject], ['certificate', at]);
  });

  it('watches the audit trail of a store', async () => {
    await deploy({});
    const record = { actor: 'test', action: 'view', message: '', channel: '', service: '', outcome: '' };
    await flow.storeOf('s').audit({ ...record, code: '', durationMs: 0 });
    await flow.undeploy();
    const database = SqliteDatabase.open(path.join(folder, 'store.db'));
    database.exec("update audit set actor = 'somebody' where seq = 1");
    database.close();
    await deploy({ audit: true });
    lookNow();
    await until('the alert is there', () => told.length > 0);
    assert.deepEqual([kinds()[0], told[0]?.alert?.subject], ['audit', '本机消息库']);
  });

  it('sends a test when the dialog asks for it', async () => {
    await deploy({});
    const answer = await flow.admin().post('/exchange-alert/test').send({ id: 'alerts' });
    assert.equal((answer.body as { ok: boolean }).ok, true);
    await until('the test is there', () => told.length > 0);
    assert.deepEqual([kinds()[0], told[0]?.alert?.level], ['test', 'info']);
    const unknown = await flow.admin().post('/exchange-alert/test').send({ id: 'nobody' });
    assert.match((unknown.body as { text: { zh: string } }).text.zh, /请先部署/);
  });
});
