/** The nodes tell the metrics of the process what they have open, and what they do without a store. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { telemetry } from '../../lib/telemetry/telemetry';
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
import { Exposition } from '../support/exposition';
import { type FlowNode, TestFlow } from '../support/flow';
import { freePort } from '../support/port';

describe('the nodes and the metrics of the process', () => {
  const flow = new TestFlow();
  let folder: string;
  let port: number;
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'telemetry-nodes-'));
    port = await freePort();
    await deploy();
  });
  afterEach(async () => {
    await flow.undeploy();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const deploy = (): Promise<void> => {
    const station = { aeTitle: 'METRICS', port: String(port) };
    const input = { property: 'payload', propertyType: 'msg' };
    const file = path.join(folder, 'hospital.db');
    const nodes: FlowNode[] = [
      {
        id: 'station',
        type: 'dicom-station',
        ...station,
        host: '127.0.0.1',
        folder: path.join(folder, 'in'),
      },
      { id: 'peer', type: 'dicom-peer', ...station, host: '127.0.0.1', callingAeTitle: 'SENDER' },
      {
        id: 'send',
        type: 'dicom-send',
        peer: 'peer',
        target: 'storage',
        ...input,
        delivery: 'direct',
        wires: [['ok'], ['no'], []],
      },
      {
        id: 'query',
        type: 'report-query',
        profile: 'p',
        idArguments: 'documented',
        fillRange: false,
        service: 'msg',
        ...input,
        output: 'array',
        wires: [['ok']],
      },
      { id: 'his', type: 'hospital-database', name: 'HIS', kind: 'sqlite', file, mostRows: '10' },
      {
        id: 'run',
        type: 'database-run',
        database: 'his',
        kind: 'sql',
        statement: 'select 1 as one',
        ...input,
        wires: [['ok']],
      },
      { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
      ...['ok', 'no', 'caught'].map(id => ({ id, type: 'helper', wires: [] })),
    ];
    return flow.deploy(nodes, { archiveUrl: `http://127.0.0.1:${port}/`, timeout: '2' });
  };
  const read = async (): Promise<Exposition> => new Exposition(await telemetry.expose());

  it('counts images that go out and come in, with their bytes', async () => {
    const uid = `${UID_ROOT}.3.1`;
    const elements = imageElements({ 0x00080018: element(0x00080018, 'UI', uid) });
    const dataSet = writeDataSet(elements, writingOf(SYNTAX.explicit));
    const file = path.join(folder, 'image.dcm');
    fs.writeFileSync(file, fileOf(dataSet, { meta: metaOf(SYNTAX.explicit, CT_IMAGE, uid) }));
    const ok = flow.next('ok');
    flow.receive('send', { payload: file });
    const caught = flow.next('caught').then(({ error }) => assert.fail(JSON.stringify(error)));
    await Promise.race([ok, caught]);
    const metrics = await read();
    for (const [direction, peer] of [
      ['sent', 'METRICS'],
      ['received', 'SENDER'],
    ] as const) {
      const labels = { direction, peer, result: 'success' };
      assert.equal(metrics.sum('exchange_dicom_objects_total', labels), 1, direction);
      assert.equal(metrics.sum('exchange_dicom_bytes_total', labels), dataSet.length, direction);
    }
    const [station] = metrics.samples('exchange_dicom_associations');
    assert.deepEqual(station?.labels, { station: 'station', station_name: '', ae_title: 'METRICS' });
  });

  it('counts a query that failed, also where the profile has no store', async () => {
    const labels = { service: 'GetLabInfo', outcome: 'failed' };
    const before = (await read()).sum('exchange_direct_calls_total', labels);
    const caught = flow.next('caught');
    flow.receive('query', {
      service: 'GetLabInfo',
      payload: { cardNo: 'Z00000000', startTime: '2029-01-01', endTime: '2031-01-01' },
    });
    await caught;
    const metrics = await read();
    assert.equal(metrics.sum('exchange_direct_calls_total', labels), before + 1);
    assert.ok(
      metrics.samples('exchange_direct_calls_total', labels).every(({ labels: { code } }) => code !== ''),
    );
    assert.ok(metrics.sum('exchange_call_duration_seconds_count', labels) >= 1);
  });

  it('shows the connections of a database as long as its node is there', async () => {
    const ok = flow.next('ok');
    flow.receive('run', { payload: {} });
    await ok;
    const labels = { database: 'his', database_name: 'HIS', kind: 'sqlite' };
    const metrics = await read();
    assert.equal(metrics.sum('exchange_database_up', labels), 1);
    assert.equal(metrics.sum('exchange_database_pool_connections', labels), 1);
    await flow.undeploy();
    const after = await read();
    assert.deepEqual(after.samples('exchange_database_up'), []);
    assert.deepEqual(after.samples('exchange_dicom_associations'), []);
  });
});
