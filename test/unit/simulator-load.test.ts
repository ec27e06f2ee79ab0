/** Calls at a rate that is kept, whatever the answers are like. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { ExchangeError } from '../../lib/errors';
import { readFaults } from '../../lib/simulator/faults/fault-order';
import { runLoad } from '../../lib/simulator/load';
import { playLoad, readLoad } from '../../lib/simulator/load-calls';
import type { LoadResult } from '../../lib/simulator/load-result';
import { SoapEndpoint } from '../../lib/soap/endpoint';
import { fastClock } from '../support/fast-clock';
import { FaultyPlatform } from '../support/faulty-platform';
import { type Listening, listen } from '../support/raw-soap';
import { TestClock } from '../support/test-clock';

const ended = ({ answered, refused, failed }: LoadResult): number =>
  answered + refused + Object.values(failed).reduce((sum, count) => sum + count, 0);

describe('load', () => {
  /** Moves the clock on in steps until the run has ended. */
  async function onClock(clock: TestClock, run: Promise<LoadResult>): Promise<LoadResult> {
    const over = new AbortController();
    void run.finally(() => over.abort());
    while (!over.signal.aborted) {
      await new Promise(resolve => setImmediate(resolve));
      if (clock.nextAt !== undefined) clock.advance(clock.nextAt - clock.now());
    }
    return run;
  }

  it('sends each call at its time, and measures from then', async () => {
    const clock = new TestClock();
    const [start, at]: [number, number[]] = [clock.now(), []];
    const times = [500, 2_000, 4_000, 7_000, 11_000];
    const result = await onClock(
      clock,
      runLoad({
        rate: 2,
        seconds: 2.5,
        clock,
        call: async number => {
          at.push(clock.now() - start);
          await new Promise<void>(resolve => clock.after(times[number] ?? 0, resolve));
          if (number === 1) return 'refused';
          if (number === 2)
            throw new ExchangeError({ code: 'HTTP_STATUS', retry: 'in-doubt', text: { zh: '', en: '' } });
          return 'answered';
        },
      }),
    );
    assert.deepEqual(at, [0, 500, 1_000, 1_500, 2_000]);
    assert.deepEqual(result, {
      planned: 5,
      sent: 5,
      heldBack: 0,
      answered: 3,
      refused: 1,
      failed: { HTTP_STATUS: 1 },
      achievedRate: 2,
      latencyMs: { p50: 4_000, p95: 11_000, p99: 11_000, max: 11_000 },
      histogram: { '≤1': 1, '1–3': 1, '3–5': 1, '5–10': 1, '>10': 1 },
      durationMs: 13_000,
    });
  });

  it('never has more outstanding than it may, and counts what it held back', async () => {
    const clock = new TestClock();
    let [open, most] = [0, 0];
    const result = await onClock(
      clock,
      runLoad({
        rate: 10,
        seconds: 3,
        mostOutstanding: 4,
        clock,
        call: async () => {
          most = Math.max(most, ++open);
          await new Promise<void>(resolve => clock.after(1_000, resolve));
          open--;
          return 'answered';
        },
      }),
    );
    assert.equal(most, 4);
    assert.deepEqual([result.planned, result.sent + result.heldBack, ended(result)], [30, 30, result.sent]);
    assert.ok(result.heldBack > 10);
  });

  it('ends with its signal, and waits for what is outstanding', async () => {
    const stop = new AbortController();
    const result = await runLoad({
      rate: 100,
      seconds: 3_600,
      signal: stop.signal,
      call: async number => {
        if (number === 5) stop.abort();
        await pause(20);
        return 'answered';
      },
    });
    assert.ok(result.sent >= 6 && result.sent < 1_000);
    assert.equal(ended(result), result.sent);
  });

  describe('of booking calls', () => {
    let hospital: Listening;
    let asked: string[];
    beforeEach(async () => {
      asked = [];
      const endpoint = new SoapEndpoint({
        serviceName: 'Booking',
        operations: [{ name: 'AppointmentDealInterface', parameters: ['msgHeader', 'msgBody'] }],
        maxConcurrent: 1_000,
        handle: async ({ parameters }) => {
          asked.push(parameters['msgBody'] ?? '');
          await pause(1_000);
          return '<?xml version="1.0" encoding="utf-8"?><root><returnContent><success>Yes</success><error></error><items></items></returnContent></root>';
        },
      });
      hospital = await listen(endpoint.handler);
    });
    afterEach(() => hospital.close());

    it('keeps its rate against a hospital that takes a second for each', async () => {
      const target = { url: hospital.url, certificate: 'C', orgCode: '', orgName: '' };
      const result = await playLoad(readLoad({ service: 'GetExamItemList', rate: 40, seconds: 3 }), target);
      assert.deepEqual([result.planned, result.sent, result.answered], [120, 120, 120]);
      assert.ok(Math.abs(result.achievedRate - 40) < 4, String(result.achievedRate));
      assert.ok((result.latencyMs.p50 ?? 0) >= 1_000);
      assert.match(asked[0] ?? '', /<patientNo>Z00000001<\/patientNo>/);
    });
  });

  describe('of reports', () => {
    let platform: FaultyPlatform;
    beforeEach(async () => {
      platform = await FaultyPlatform.start({ clock: fastClock(10) });
    });
    afterEach(() => platform.stop());
    const target = () => ({
      url: platform.archiveUrl,
      certificate: '',
      orgCode: '000000T0001',
      orgName: '测试医院',
    });

    for (const service of ['lab', 'exam'] as const) {
      it(`registers each ${service} report once, under a number of its own`, async () => {
        const result = await playLoad(readLoad({ service, rate: 50, seconds: 1 }), target());
        assert.deepEqual([result.answered, result.refused, result.failed], [50, 0, {}]);
        const held = platform.simulator.held().find(({ name }) => name === service);
        assert.equal(held?.records, 50, JSON.stringify(platform.received[0]));
        assert.ok(platform.received.every(({ key }) => key.startsWith('TEST-')));
      });
    }

    it('reconciles with what the simulator did', async () => {
      platform.stage.set(
        readFaults([
          { fault: 'http-500', ratio: 0.2, seed: 1 },
          { fault: 'status-0', ratio: 0.2, seed: 2 },
        ]),
      );
      const result = await playLoad(readLoad({ service: 'lab', rate: 100, seconds: 1 }), target());
      const of = (fault: string): number => platform.received.filter(one => one.fault === fault).length;
      assert.equal(ended(result), 100);
      assert.deepEqual(
        [result.failed, result.refused, result.answered],
        [{ HTTP_STATUS: of('http-500') }, of('status-0'), platform.held('lab')],
      );
      assert.ok(of('http-500') > 0 && of('status-0') > 0);
    });

    it('writes to no platform without the mark, unless told to', async () => {
      let posted = 0;
      const real = await listen((request, response) => {
        if (request.method === 'POST') posted++;
        response.end();
      });
      const order = { service: 'lab', rate: 10, seconds: 0.2 } as const;
      try {
        await assert.rejects(
          playLoad(readLoad(order), { ...target(), url: real.url }),
          (error: ExchangeError) => error.code === 'CONFIG' && /不是平台模拟器/.test(error.text.zh),
        );
        assert.equal(posted, 0);
        await playLoad(readLoad({ ...order, allowReal: true }), { ...target(), url: real.url });
        assert.equal(posted, 2);
      } finally {
        await real.close();
      }
    });
  });

  for (const [what, given, said] of [
    ['no rate', { service: 'lab', seconds: 1 }, /缺少 rate/],
    ['a rate beyond all', { service: 'lab', seconds: 1, rate: 1e6 }, /rate：不能超过 1000/],
    ['an unknown service', { service: 'x', seconds: 1, rate: 1 }, /service：应为 GetExamItemList、/],
    ['a receipt of nobody', { service: 'GetAppointReceipt', seconds: 1, rate: 1 }, /需要 record/],
  ] as const) {
    it(`says what is wrong: ${what}`, () => {
      assert.throws(
        () => readLoad(given),
        (error: ExchangeError) => error.code === 'CONTRACT' && said.test(error.text.zh),
      );
    });
  }
});
