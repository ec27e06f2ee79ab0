/** Scenarios: read, played by a clock, and lived through by a hospital under load without a loss. */
import assert from 'node:assert/strict';
import { ExchangeError } from '../../lib/errors';
import { gatherEvidence } from '../../lib/evidence/evidence';
import { evidenceHtml } from '../../lib/evidence/report-html';
import type { ServiceFigures } from '../../lib/evidence/service-figures';
import { runLoad } from '../../lib/simulator/load';
import { type Scenario, faster, lengthOf, readScenario } from '../../lib/simulator/scenario';
import { scenarioOf, scenarios } from '../../lib/simulator/scenarios';
import { Stage, type StageState, stageText } from '../../lib/simulator/stage';
import type { MessageStore } from '../../lib/store/message-store';
import { fastClock } from '../support/fast-clock';
import { FaultyPlatform, IMAGES } from '../support/faulty-platform';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';

const one: Scenario = readScenario({
  name: 'test',
  zh: '测试',
  en: 'test',
  steps: [
    { at: 0, for: 10, target: 'soap', fault: 'slow' },
    { at: 5, for: 10, target: 'soap', fault: 'reset', service: 'GetLabInfo' },
    { at: 20, for: 10, target: 'dicom', fault: 'abort' },
  ],
});

describe('scenario', () => {
  it('is played step by step, and says which is on', () => {
    const clock = new TestClock();
    const told: [number, readonly number[], boolean][] = [];
    const start = clock.now();
    const stage = new Stage(clock, ({ steps, ended }) =>
      told.push([(clock.now() - start) / 1000, steps, ended]),
    );
    stage.play(one);
    const faults: (string | undefined)[] = [];
    for (let second = 0; second < 35; second += 2.5) {
      faults.push(stage.faults.ofCall('GetLabInfo')?.fault ?? stage.faults.ofImage('association')?.fault);
      clock.advance(2_500);
    }
    assert.deepEqual(told, [
      [0, [1], false],
      [5, [1, 2], false],
      [10, [2], false],
      [15, [], false],
      [20, [3], false],
      [30, [], true],
    ]);
    const [none, abort] = [undefined, 'abort'];
    const [slow, reset] = ['slow', 'reset'];
    assert.deepEqual(
      faults,
      [
        [slow, slow, slow, slow, reset, reset],
        [none, none],
        [abort, abort, abort, abort],
        [none, none],
      ].flat(),
    );
    assert.equal(clock.nextAt, undefined);
  });

  it('ends when other faults are set, or none', () => {
    const clock = new TestClock();
    const states: StageState[] = [];
    const stage = new Stage(clock, state => states.push(state));
    stage.play(one);
    stage.set([]);
    assert.deepEqual(
      [states.at(-1)?.faults, states.at(-1)?.scenario, clock.nextAt],
      [[], undefined, undefined],
    );
    assert.equal(stage.faults.ofCall('GetLabInfo'), undefined);
  });

  it('is told in both languages', () => {
    const texts: string[] = [];
    const clock = new TestClock();
    const stage = new Stage(clock, state => texts.push(stageText(state).zh, stageText(state).en));
    stage.play(one);
    clock.advance(5_000);
    assert.match(texts[2] ?? '', /^test 1,2\/3 故障：应答慢、GetLabInfo 连接被重置/);
    assert.match(texts[3] ?? '', /^test 1,2\/3 fault: slow answer, GetLabInfo connection reset/);
    clock.advance(30_000);
    assert.deepEqual(texts.slice(-2), ['场景 test 结束', 'scenario test has ended']);
  });

  it('can be played faster', () => {
    assert.deepEqual([lengthOf(one), lengthOf(faster(one, 10))], [30, 3]);
  });

  const step = { at: 0, for: 1, target: 'soap', fault: 'slow' };
  for (const [what, given, zh, en] of [
    [
      'a step without time',
      { steps: [step, { ...step, for: undefined, at: 'x' }] },
      /第 2 步 at：应为数字/,
      /step 2 at: must be a number/,
    ],
    [
      'a step without fault',
      { steps: [{ at: 0, for: 1, target: 'soap' }] },
      /第 1 步：缺少 fault/,
      /step 1: fault is missing/,
    ],
    [
      'a fault that there is not',
      { steps: [step, step, { ...step, fault: 'burn' }] },
      /第 3 步 fault：应为 .*http-500/,
      /step 3 fault: must be one of/,
    ],
    [
      'another target',
      { steps: [{ ...step, target: 'mail' }] },
      /第 1 步 target：应为 soap、dicom 之一/,
      /step 1 target: must be one of soap, dicom/,
    ],
    [
      'a service that cannot have it',
      { steps: [{ ...step, fault: 'bad-json', service: 'ClinicExam' }] },
      /第 1 步：ClinicExam 不会出现 bad-json/,
      /step 1: ClinicExam cannot/,
    ],
    ['no steps', { steps: [] }, /steps：不能小于 1/, /steps: must not be less than 1/],
    ['a name with blanks', { name: 'A b', steps: [step] }, /name：只能含/, /name: may hold/],
    [
      'no title',
      { zh: undefined, steps: [step] },
      /zh：应为文本|缺少 zh/,
      /zh is missing|zh: must be a text/,
    ],
  ] as const) {
    it(`that has ${what} is refused in words that name the place`, () => {
      assert.throws(
        () => readScenario({ name: 'a', zh: '甲', en: 'a', ...given }),
        (error: ExchangeError) =>
          error.code === 'CONTRACT' && zh.test(error.text.zh) && en.test(error.text.en),
      );
    });
  }

  it('comes with the package: three, found by name', () => {
    assert.deepEqual(
      scenarios.map(({ name }) => name),
      ['eight-faults', 'platform-down-for-an-hour', 'everything-a-bit-wrong'],
    );
    assert.equal(scenarioOf('eight-faults').steps.length, 9);
    assert.deepEqual(scenarioOf(one), one);
    assert.throws(() => scenarioOf('none'), /没有场景 none；可用的有 eight-faults/);
  });
});

describe('a hospital under load in a scenario', function () {
  this.timeout(90_000);
  /** The scenario's nine minutes pass thirty times as fast, and the pauses between tries. */
  const SPEED = 30;
  let platform: FaultyPlatform;
  afterEach(() => platform.stop());

  /** The scenarios, and how many times as fast they are played beside that. */
  const played = { 'eight-faults': 1, 'everything-a-bit-wrong': 6, 'platform-down-for-an-hour': 30 };
  for (const [name, speed] of Object.entries(played)) {
    it(`${name}: every message is accepted or refused as told, none is lost, and the counts agree`, async () => {
      const clock = fastClock(SPEED);
      const retry = { firstDelayMs: 2_000, maxDelayMs: 30_000, maxTries: 1_000, maxAgeMs: 24 * 3_600_000 };
      platform = await FaultyPlatform.start({ clock, retry, timeoutMs: 1_000 });
      const scenario = faster(scenarioOf(name), speed);
      const steps = scenario.steps.map(step => ({ ...step, ...(step.ms && { ms: step.ms / SPEED }) }));
      platform.stage.play({ ...scenario, steps });
      // Somebody presses «send now» in each: a circuit that is open could sleep through a whole fault.
      for (const { at } of steps)
        for (const family of ['report', 'sync', 'images'] as const)
          clock.after(at * 1000 + 500, () => void platform.resume(family));
      const [reports, bookings, studies] = [lengthOf(scenario), lengthOf(scenario) / 4, 12];
      const load = (count: number, send: (number: number) => Promise<void>) =>
        runLoad({
          rate: count / lengthOf(scenario),
          seconds: lengthOf(scenario),
          clock,
          call: number => send(number).then(() => 'answered'),
        });
      const results = await Promise.all([
        load(reports, number => platform.send('report', number)),
        load(bookings, number => platform.send('sync', number)),
        load(studies, number => platform.send('images', number)),
      ]);
      const sent = results.reduce((sum, { answered }) => sum + answered, 0);
      assert.equal(
        sent,
        results.reduce((sum, { planned }) => sum + planned, 0),
        'all were taken over',
      );
      await until('the scenario has ended', () => platform.stage.state.ended);
      await platform.outcomes(sent, 60_000);

      const { accepted = 0, refused = 0, ...others } = await platform.states();
      assert.deepEqual(others, {}, 'nothing is lost, waiting, dead or unconfirmed');
      assert.equal(accepted + refused, sent);
      assert.equal(new Set(platform.emitted.map(({ exchange }) => exchange.id)).size, sent);
      const numbers = (state: string): string[] =>
        platform.emitted
          .filter(emission => emission.state === state)
          .map(({ exchange }) => String(exchange['reportNo'] ?? exchange['key']));
      const held = new Set(await platform.heldNumbers());
      const unknown = numbers('accepted').filter(number => number.startsWith('TEST') && !held.has(number));
      assert.deepEqual(unknown, [], 'the platform has what it has accepted');
      const refusals = platform.received.filter(({ fault }) => fault === 'status-0');
      const told = new Set(refusals.map(({ key }) => key));
      const isReport = (number: string): boolean => number.startsWith('TEST-');
      assert.deepEqual(
        numbers('refused').filter(number => isReport(number) && !told.has(number)),
        [],
        'refused is only what the platform has refused',
      );
      assert.ok(refused <= refusals.length);
      assert.equal(platform.archive.received().length, studies * IMAGES, 'each image is there, once');
      // Played so fast, its last steps are over before a message is due.
      if (name === 'platform-down-for-an-hour') return;
      const struck = new Set(platform.received.map(({ fault }) => fault ?? 'none'));
      const wanted = new Set(
        scenario.steps.filter(({ target }) => target === 'soap').map(({ fault }) => fault),
      );
      assert.deepEqual(
        [...wanted].filter(fault => !struck.has(fault as 'slow')),
        [],
        'each fault has struck',
      );
      if (name === 'eight-faults') await tellsTheStory(platform.store, sent);
    });
  }
});

const DAY_MS = 86_400_000;

/** The evidence report says of the run what the hospital must know: all arrived, and what was in the way. */
async function tellsTheStory(store: MessageStore, sent: number): Promise<void> {
  const evidence = await gatherEvidence({
    store,
    hospital: { orgCode: '000000T0001', orgName: '测试医院', organCode: 'XM-00000-TEST' },
    // The clock runs fast.
    period: { from: Date.now() - DAY_MS, to: Date.now() + DAY_MS },
    versions: {},
    check: null,
    rules: { validation: 'lenient', lengthUnit: 'char' },
    reportKind: () => undefined,
    protection: { masking: true, keepAuditDays: 180, keepContentDays: 30 },
    actor: 'test',
    now: new Date(),
  });
  const total = (pick: (one: ServiceFigures) => number): number =>
    evidence.services.reduce((sum, figures) => sum + pick(figures), 0);
  assert.equal(
    total(({ accepted, refused }) => accepted + refused),
    sent,
  );
  const codes = (services: readonly ServiceFigures[]): string[] => [
    ...new Set(services.flatMap(({ errors }) => errors.map(({ code }) => code))),
  ];
  const [images, texts] = [
    evidence.services.filter(({ section }) => section === '5.1.3'),
    evidence.services.filter(({ section }) => section !== '5.1.3'),
  ];
  for (const code of ['TRANSPORT_UNKNOWN', 'HTTP_STATUS', 'NOT_SOAP', 'BUSINESS'])
    assert.ok(codes(texts).includes(code), `${code}: ${codes(texts).join()}`);
  assert.ok(
    codes(images).some(code => /^DICOM_(?:REJECTED|ABORTED)$/.test(code)),
    codes(images).join(),
  );
  assert.ok(total(({ failed }) => failed) > 0, 'attempts that failed are counted apart');
  const page = evidenceHtml(evidence);
  for (const code of [...codes(texts), ...codes(images)]) assert.ok(page.includes(code), code);
}
