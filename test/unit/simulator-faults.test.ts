/** Every fault of the table, as the hospital's own deliveries come to see it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { ExchangeError } from '../../lib/errors';
import {
  type FaultKind,
  IMAGE_FAULTS,
  type ImageFaultKind,
  SOAP_FAULTS,
  type Seen,
  type SoapFaultKind,
  imageFaultNames,
  soapFaultNames,
} from '../../lib/simulator/faults/fault-kinds';
import { FaultChooser } from '../../lib/simulator/faults/fault-chooser';
import { readFaults } from '../../lib/simulator/faults/fault-order';
import { echo } from '../../lib/dicom/echo';
import { scenarios } from '../../lib/simulator/scenarios';
import { SIMULATOR_HEADER, SIMULATOR_IMPLEMENTATION } from '../../lib/simulator/marks';
import { fastClock } from '../support/fast-clock';
import { FaultyPlatform, IMAGES } from '../support/faulty-platform';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';

const holding = { report: 'lab', sync: 'SyncAppointData' } as const;

describe('simulator: faults of the platform', () => {
  let platform: FaultyPlatform;
  beforeEach(async () => {
    platform = await FaultyPlatform.start();
  });
  afterEach(() => platform.stop());

  /** What became of the one message, after its first call went wrong. */
  const expected: Readonly<Record<Seen, { attempts: number; state: string }>> = {
    accepted: { attempts: 1, state: 'accepted' },
    retry: { attempts: 2, state: 'accepted' },
    refused: { attempts: 1, state: 'refused' },
    unconfirmed: { attempts: 1, state: 'unconfirmed' },
    paused: { attempts: 1, state: 'pending' },
  };

  for (const name of soapFaultNames) {
    const kind: SoapFaultKind = SOAP_FAULTS[name];
    for (const family of ['report', 'sync'] as const) {
      const seen = kind.seen[family];
      if (!seen) continue;
      it(`${name}: a ${family} is ${seen}, as the table says`, async () => {
        platform.stage.set(readFaults({ fault: name, nth: 1, ms: 50 }));
        await platform.send(family, 1);
        const { attempts, state } = expected[seen];
        if (seen === 'paused')
          await until('paused', () => platform.events.some(({ kind: what }) => what === 'paused'));
        else await platform.outcomes(1);
        assert.deepEqual(await platform.states(), { [state]: 1 });
        assert.equal(platform.attempts.length, attempts);
        const first = platform.attempts[0]?.result ?? '';
        if (seen === 'retry') assert.equal(first, kind.code ?? 'EMPTY_RESULT');
        assert.equal(platform.received[0]?.fault, name);
        // Twice processed is still one record.
        assert.equal(platform.held(holding[family]), kind.processed || seen === 'retry' ? 1 : 0);
      });
    }
  }

  for (const name of imageFaultNames) {
    const kind: ImageFaultKind = IMAGE_FAULTS[name];
    it(`DICOM ${name}: a study is ${kind.seen}, as the table says`, async () => {
      platform.stage.set(readFaults({ target: 'dicom', fault: name, nth: 1, ms: 50 }));
      await platform.send('images', 1);
      await platform.outcomes(1);
      assert.deepEqual(await platform.states(), { accepted: 1 });
      assert.equal(platform.attempts.length, expected[kind.seen].attempts);
      if (kind.seen === 'retry') assert.equal(platform.attempts[0]?.result, kind.code);
      assert.equal(platform.archive.received().length, IMAGES);
      assert.equal(platform.archive.counts().repeated, kind.processed && kind.seen === 'retry' ? 1 : 0);
    });
  }

  it('a pause ends when the platform is mended, and nothing is lost', async () => {
    platform.stage.set(readFaults('401'));
    await platform.send('report', 1);
    await until('paused', () => platform.events.some(({ kind }) => kind === 'paused'));
    platform.stage.set([]);
    await platform.resume('report');
    await platform.outcomes(1);
    assert.deepEqual(await platform.states(), { accepted: 1 });
  });

  it('a fault that stays is given up at the limit of tries and stays in sight', async () => {
    platform.stage.set(readFaults('http-500'));
    await platform.send('report', 1);
    await platform.outcomes(1);
    assert.deepEqual(await platform.states(), { dead: 1 });
    assert.equal(platform.held('lab'), 0);
  });

  for (const name of ['lost-answer', 'duplicate', 'cut', 'slow'] as const) {
    it(`${name} registers nothing twice`, async () => {
      await platform.stop();
      platform = await FaultyPlatform.start({
        clock: fastClock(100),
        timeoutMs: 2_000,
        retry: { maxTries: 20 },
      });
      platform.stage.set(readFaults({ fault: name, ratio: 0.5, ms: 5 }));
      for (let number = 0; number < 10; number++) await platform.send('report', number);
      await platform.outcomes(10);
      assert.equal(platform.held('lab'), 10);
      const count = platform.simulator.counts()[0];
      assert.ok((count?.faulty ?? 0) > 0, 'some went wrong');
    });
  }

  for (const [declares, garbled] of [
    ['utf-8', /\ufffd/],
    ['gbk', /^鎴/],
  ] as const) {
    it(`wrong-charset declares ${declares} and sends the other`, async () => {
      platform.stage.set(readFaults({ fault: 'wrong-charset', declares }));
      await platform.send('report', 1);
      await platform.outcomes(1);
      assert.match(String(platform.emitted[0]?.payload), garbled);
    });
  }

  it('a refusal of its own stays one, whatever goes wrong with its words', async () => {
    const archive = platform.client(platform.archiveUrl);
    for (const name of ['duplicate', 'wrong-charset'] as const) {
      platform.stage.set(readFaults({ fault: name, declares: 'gbk' }));
      const { result } = await archive.call('ArchiveAutoReport', [['strReportInfo', '<root/>']]);
      assert.doesNotMatch(result ?? '', /成功|鎴愬姛|已存在/, name);
      assert.equal(platform.received.at(-1)?.ok, false);
    }
  });

  it('words of a refusal come through', async () => {
    platform.stage.set(readFaults({ fault: 'status-0', text: '机构未备案' }));
    await platform.send('report', 1);
    await platform.send('sync', 1);
    await platform.outcomes(2);
    assert.ok(platform.emitted.every(({ payload }) => JSON.stringify(payload).includes('机构未备案')));
  });

  it('a query shows the error at once, a viewer page goes wrong as well', async () => {
    const query = platform.client(platform.archiveUrl);
    for (const name of [
      'silent',
      'reset',
      'http-500',
      'soap-fault',
      'empty',
      'garbage',
      'cut',
      '401',
    ] as const) {
      platform.stage.set(readFaults({ fault: name, service: 'GetLabInfo' }));
      await assert.rejects(
        query.call('GetLabInfo', [['strIDNO', 'Z00000001']]),
        (error: ExchangeError) => error.code === SOAP_FAULTS[name].code,
        name,
      );
    }
    platform.stage.set(readFaults({ fault: 'http-500', service: 'ClinicExam' }));
    const page = (): Promise<Response> => fetch(`${platform.url}/IDCAS/Interface/ClinicExam?token=x`);
    assert.equal((await page()).status, 500);
    platform.stage.set(readFaults({ fault: 'reset', service: 'ClinicExam' }));
    await assert.rejects(page());
    platform.stage.set([]);
    assert.equal((await page()).status, 403);
  });

  it('a reset is one on the wire, and a silent call ends without a byte when the simulator closes', async () => {
    platform.stage.set(readFaults('reset'));
    const body = new URLSearchParams({});
    const call = (): Promise<Response> =>
      fetch(`${platform.url}/IDCAS/Interface/ClinicExam?${body}`, { redirect: 'manual' });
    await assert.rejects(call(), (error: Error) => (error.cause as { code?: string }).code === 'ECONNRESET');
    platform.stage.set(readFaults('silent'));
    const silent = call();
    await until('received', () => platform.received.length === 2);
    platform.simulator.close();
    await assert.rejects(
      silent,
      (error: Error) => (error.cause as { code?: string }).code === 'UND_ERR_SOCKET',
    );
  });

  it('marks every answer, also wrong ones', async () => {
    const paths = ['/', '/nothing', '/holdings/lab', '/CallInterface.asmx', '/IDCAS/Interface/ClinicExam'];
    for (const at of paths)
      assert.equal((await fetch(platform.url + at)).headers.get(SIMULATOR_HEADER), '1', at);
    platform.stage.set(readFaults('http-500'));
    const post = await fetch(platform.archiveUrl, { method: 'POST', body: '<x/>' });
    assert.equal(post.headers.get(SIMULATOR_HEADER), '1');
  });
});

describe('simulator: the help', () => {
  for (const [language, file] of [
    ['zh', 'zh-CN'],
    ['en', 'en-US'],
  ] as const) {
    it(`names every fault in ${file} as the table does`, () => {
      const help = fs.readFileSync(`nodes/platform-simulator/locales/${file}.help.md`, 'utf8');
      const listed = [...help.matchAll(/^- (<code>.*)$/gm)].map(([, line]) => line);
      const kinds = [SOAP_FAULTS, IMAGE_FAULTS].flatMap(table => Object.entries<FaultKind>(table));
      assert.deepEqual(
        listed,
        kinds.map(([name, kind]) => `<code>${name}</code> ${kind[language]}`),
      );
      for (const { name } of scenarios) assert.ok(help.includes(`<code>${name}</code>`), name);
    });
  }
});

describe('simulator: its mark', () => {
  it('is in the associations of the image archive', async () => {
    const platform = await FaultyPlatform.start();
    try {
      const { implementation } = await echo({
        host: '127.0.0.1',
        port: platform.archive.port,
        aeTitle: 'PLATFORM',
        callingAeTitle: 'HOSPITAL',
        connectTimeoutMs: 1_000,
        timeoutMs: 1_000,
        maxPdu: 65_536,
      });
      assert.equal(implementation, SIMULATOR_IMPLEMENTATION);
    } finally {
      await platform.stop();
    }
  });
});

describe('simulator: which call goes wrong', () => {
  const chooser = (faults: unknown, clock = new TestClock()): FaultChooser => {
    const made = new FaultChooser(clock);
    made.set(readFaults(faults));
    return made;
  };
  const calls = (from: FaultChooser, service: string, count: number): boolean[] =>
    Array.from({ length: count }, () => from.ofCall(service) !== undefined);

  it('by service, and never one that cannot go wrong so', () => {
    const one = chooser({ fault: 'reset', service: 'GetLabInfo' });
    assert.deepEqual([calls(one, 'GetExamInfo', 1), calls(one, 'GetLabInfo', 1)], [[false], [true]]);
    const json = chooser('bad-json');
    assert.deepEqual([calls(json, 'GetLabInfo', 1), calls(json, 'SyncAppointData', 1)], [[false], [true]]);
  });

  it('by number', () => {
    assert.deepEqual(calls(chooser({ fault: 'reset', nth: 2 }), 'GetLabInfo', 3), [false, true, false]);
  });

  it('by part: the same calls for the same seed, others for another', () => {
    const some = (seed: number): boolean[] =>
      calls(chooser({ fault: 'reset', ratio: 0.3, seed }), 'GetLabInfo', 200);
    assert.deepEqual(some(7), some(7));
    assert.notDeepEqual(some(7), some(8));
    const part = some(7).filter(Boolean).length / 200;
    assert.ok(part > 0.2 && part < 0.4, String(part));
    const with2 = chooser([
      { fault: 'slow', nth: 3 },
      { fault: 'reset', ratio: 0.3, seed: 7 },
    ]);
    assert.deepEqual(calls(with2, 'GetLabInfo', 200).toSpliced(2, 1), some(7).toSpliced(2, 1));
  });

  it('by time', () => {
    const clock = new TestClock();
    const made = chooser({ fault: 'reset', at: 10, for: 5 }, clock);
    const at: boolean[] = [];
    for (const ms of [0, 9_999, 1, 4_999, 1]) {
      clock.advance(ms);
      at.push(calls(made, 'GetLabInfo', 1)[0] ?? false);
    }
    assert.deepEqual(at, [false, false, true, true, false]);
    assert.deepEqual(made.active(), []);
  });

  for (const [what, given, zh, en] of [
    [
      'an unknown fault',
      { fault: 'burn' },
      /第 1 个故障 fault：应为 .*slow/,
      /fault 1 fault: must be one of .*reset/,
    ],
    [
      'an unknown field',
      [{ fault: 'slow' }, { fault: 'slow', speed: 1 }],
      /第 2 个故障：未知字段 speed/,
      /fault 2: unknown field speed/,
    ],
    ['a part beyond 1', { fault: 'slow', ratio: 30 }, /ratio：不能超过 1/, /ratio: must not be more than 1/],
    [
      'a fault of the other side',
      { target: 'dicom', fault: 'http-500' },
      /应为 .*reject/,
      /must be one of .*abort/,
    ],
    [
      'a service that cannot have it',
      { fault: 'bad-json', service: 'GetLabInfo' },
      /GetLabInfo 不会出现 bad-json/,
      /GetLabInfo cannot have bad-json/,
    ],
    ['no name', {}, /缺少 fault/, /fault is missing/],
    ['nothing at all', null, /应为对象/, /must be an object/],
  ] as const) {
    it(`says what is wrong with ${what}`, () => {
      assert.throws(
        () => readFaults(given),
        (error: ExchangeError) =>
          error.code === 'CONTRACT' && zh.test(error.text.zh) && en.test(error.text.en),
      );
    });
  }
});
