/** The platform simulator in a flow: faults, scenarios and load by message, presets, and its image archive. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { echo } from '../../lib/dicom/echo';
import { ExchangeError } from '../../lib/errors';
import type { LoadResult } from '../../lib/simulator/load-result';
import { SIMULATOR_HEADER, SIMULATOR_IMPLEMENTATION } from '../../lib/simulator/marks';
import type { StageState } from '../../lib/simulator/stage';
import { SoapEndpoint } from '../../lib/soap/endpoint';
import { type Message, TestFlow } from '../support/flow';
import { labInput } from '../support/lab-report';
import { portOf } from '../support/misbehaving-server';
import { freePort } from '../support/port';
import { listen } from '../support/raw-soap';
import { until } from '../support/until';

const AE = 'CITY';

describe('platform-simulator: faults, scenarios, load', () => {
  const flow = new TestFlow();
  before(() => flow.start());
  after(() => flow.stop());
  afterEach(() => flow.undeploy());

  const deploy = (simulator: Record<string, unknown> = {}): Promise<void> =>
    flow.deploy(
      [
        {
          id: 'sim',
          type: 'platform-simulator',
          profile: 'p',
          path: '/simulator',
          bookingUrl: '',
          wires: [['received'], ['answered']],
          ...simulator,
        },
        {
          id: 'lab',
          type: 'lab-register',
          delivery: 'direct',
          profile: 'p',
          property: 'payload',
          propertyType: 'msg',
          wires: [['ok'], ['no']],
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        ...['received', 'answered', 'caught', 'ok', 'no'].map(id => ({ id, type: 'helper', wires: [] })),
      ],
      { archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx` },
    );
  const order = async (payload: unknown): Promise<unknown> => {
    const answered = flow.next('answered');
    flow.receive('sim', { payload });
    return (await answered).payload;
  };
  const errorOf = (msg: Message): { code: string; message: string } => msg['error'] as never;
  const failed = async (payload: unknown, at = 'sim'): Promise<{ code: string; message: string }> => {
    const caught = flow.next('caught');
    flow.receive(at, { payload });
    return errorOf(await caught);
  };

  it('sets a fault by message, shows it, and clears it', async () => {
    await deploy();
    const state = (await order({ fault: 'http-500' })) as StageState;
    assert.deepEqual(
      state.faults.map(({ fault, service }) => [fault, service]),
      [['http-500', '*']],
    );
    const received = flow.next('received');
    assert.equal((await failed(labInput, 'lab')).code, 'HTTP_STATUS');
    const { ok, fault } = (await received).payload as { ok: boolean; fault: string };
    assert.deepEqual([ok, fault], [false, 'http-500']);
    await until('it is shown', () => flow.statuses('sim').some(text => text.includes('HTTP 500 错误页')));
    assert.deepEqual(((await order({ faults: [] })) as StageState).faults, []);
    const accepted = flow.next('ok');
    flow.receive('lab', { payload: labInput });
    assert.equal((await accepted).payload, '1');
    await until('it is shown', () => flow.statuses('sim').at(-1) === 'listening');
  });

  it('plays a scenario by name or content, and says what is wrong with one', async () => {
    await deploy();
    const { scenario, steps } = (await order({ scenario: 'eight-faults', speed: 10 })) as StageState;
    assert.deepEqual([scenario?.name, scenario?.steps.at(-1)?.at, steps], ['eight-faults', 52, [1]]);
    const own = {
      name: 'own',
      zh: '自己的',
      en: 'own',
      steps: [{ at: 0, for: 60, target: 'soap', fault: 'status-0', text: '机构未备案' }],
    };
    await order({ scenario: own });
    const refused = flow.next('no');
    flow.receive('lab', { payload: labInput });
    assert.equal((await refused).payload, '失败：机构未备案');
    const wrong = await failed({ scenario: { ...own, steps: [{ ...own.steps[0], fault: 'burn' }] } });
    assert.equal(wrong.code, 'CONTRACT');
    assert.match(wrong.message, /第 1 步 fault：应为 .*\| step 1 fault: must be one of/);
  });

  it('says what is possible when a command is none', async () => {
    await deploy();
    for (const payload of [null, 'x', {}, { service: 'x' }, { fault: 'slow', load: {} }]) {
      const { code, message } = await failed(payload);
      assert.equal(code, 'CONTRACT');
      for (const word of ['七个预约服务之一', 'one of the seven', 'fault', 'faults', 'scenario', 'load'])
        assert.ok(message.includes(word), word);
    }
    assert.match((await failed({ scenario: 'eight-faults', speed: -1 })).message, /speed/);
  });

  it('makes a load on the platform, and on the hospital', async () => {
    const endpoint = new SoapEndpoint({
      serviceName: 'Booking',
      operations: [{ name: 'AppointmentDealInterface', parameters: ['msgHeader', 'msgBody'] }],
      handle: () =>
        Promise.resolve('<root><returnContent><success>No</success><error>x</error></returnContent></root>'),
    });
    const hospital = await listen(endpoint.handler);
    try {
      await deploy({ bookingUrl: hospital.url });
      const rate = { rate: 50, seconds: 0.2 };
      const lab = (await order({ load: { service: 'lab', ...rate } })) as LoadResult;
      assert.deepEqual([lab.sent, lab.answered, lab.failed], [10, 10, {}]);
      const booking = (await order({ load: { service: 'GetExamItemList', ...rate } })) as LoadResult;
      assert.deepEqual([booking.sent, booking.refused], [10, 10]);
      assert.match((await failed({ load: { service: 'lab' } })).message, /缺少 rate/);
    } finally {
      await hospital.close();
    }
  });

  it('ends a load when it is deployed anew', async () => {
    await deploy();
    await order({ fault: { fault: 'silent' } });
    flow.receive('sim', { payload: { load: { service: 'lab', rate: 20, seconds: 3_600 } } });
    await flow.next('received');
    await flow.undeploy();
    await deploy();
    assert.equal((await fetch(`${flow.url}/simulator/`)).headers.get(SIMULATOR_HEADER), '1');
  });

  it('plays an image archive with the same faults, and begins with its preset', async () => {
    const port = await freePort();
    await deploy({ imageAeTitle: AE, imagePort: String(port), preset: 'dicom:reject' });
    const peer = {
      host: '127.0.0.1',
      port,
      aeTitle: AE,
      callingAeTitle: 'HOSPITAL',
      connectTimeoutMs: 2_000,
      timeoutMs: 2_000,
      maxPdu: 65_536,
    };
    await until('it rejects', () =>
      echo(peer).then(
        () => false,
        (error: ExchangeError) => error.code === 'DICOM_REJECTED',
      ),
    );
    await order({ faults: [] });
    assert.equal((await echo(peer)).implementation, SIMULATOR_IMPLEMENTATION);
    await flow.undeploy();
    await assert.rejects(echo(peer), (error: ExchangeError) => error.code === 'TRANSPORT_NOT_SENT');
  });

  it('has no archive where the variables of the example are not set', async () => {
    const text = (name: string): string => `\${EXCHANGE_SIMULATOR_${name}}`;
    await deploy({ imageAeTitle: text('AE'), imagePort: text('IMAGE_PORT') });
    const accepted = flow.next('ok');
    flow.receive('lab', { payload: labInput });
    await accepted;
    await until('it is shown', () => flow.statuses('sim').at(-1) === 'listening');
    assert.ok(!flow.statuses('sim').includes('not-started'));
  });

  it('begins with the scenario of its preset', async () => {
    await deploy({ preset: 'scenario:platform-down-for-an-hour' });
    assert.equal((await failed(labInput, 'lab')).code, 'TRANSPORT_UNKNOWN');
  });

  for (const [what, settings] of [
    ['a preset that is none', () => Promise.resolve({ preset: 'soap:burn' })],
    [
      'an archive whose port is taken',
      async () => ({ imageAeTitle: AE, imagePort: String(await takenPort()) }),
    ],
  ] as const) {
    it(`shows ${what}, and plays the platform all the same`, async () => {
      await deploy(await settings());
      await until('it is shown', () => flow.statuses('sim').includes('not-started'));
      const accepted = flow.next('ok');
      flow.receive('lab', { payload: labInput });
      await accepted;
    });
  }

  const taken: net.Server[] = [];
  afterEach(() => taken.splice(0).forEach(server => server.close()));
  async function takenPort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await until('it listens', () => server.listening);
    taken.push(server);
    return portOf(server);
  }
});
