// What the checks work with: the platform's calls to the hospital, the flow's buttons, and comparing.
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { bookingPath, demoSecrets, environmentOf } from './settings.mjs';

const require = createRequire(import.meta.url);
const { BookingCaller } = require('../../dist/lib/simulator/platform/booking-caller.js');
const { SoapClient } = require('../../dist/lib/soap/client.js');

const DEADLINE_MS = 20_000;
const POLL_MS = 100;

/** Ends a check with everything that was found wrong. */
export class CheckFailure extends Error {
  constructor(reasons) {
    super(reasons.join('; '));
    this.reasons = reasons;
  }
}

export function openContext(demo) {
  const caller = new BookingCaller({
    url: `${demo.url}${bookingPath}`,
    certificate: demoSecrets.EXCHANGE_CERTIFICATE,
  });
  const reports = new SoapClient({ url: environmentOf(demo.url).EXCHANGE_ARCHIVE_URL });
  return {
    ...demo,
    /** Calls a booking service as the platform does. Any deviation from the agreement fails the check. */
    async ask(service, record) {
      const answer = await caller.call(service, { clientType: '7', patientType: '1', ...record });
      if (answer.deviations.length > 0) throw new CheckFailure(answer.deviations);
      return answer;
    },

    /** Calls GetLabInfo or GetExamInfo of the simulator; gives the document. */
    async query(method, card) {
      const { EXCHANGE_STR_CREDENTIAL: credential, EXCHANGE_STR_KEY: key } = demoSecrets;
      const { result } = await reports.call(method, [
        ['strIDNO', card],
        ['strSSID', ''],
        ['strStartTime', '2000-01-01 00:00:00'],
        ['strEndTime', '2099-12-31 23:59:59'],
        ['strCredential', credential],
        ['strKey', key],
      ]);
      return result;
    },

    /** Presses the button of an inject node of the flow. */
    press(id) {
      demo.RED.nodes.getNode(id).receive();
    },

    /** The demo flow's nodes of a type, as the flow file holds them. */
    nodesOf: type => demo.RED.nodes.getFlows().flows.filter(node => node.type === type),

    async close() {
      await Promise.all([caller.close(), reports.close()]);
    },
  };
}

/** Waits until `reached` gives true; fails with `what` after 20 seconds. */
export async function until(what, reached) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new CheckFailure([`not within ${DEADLINE_MS / 1000} s: ${what}`]);
    await wait(POLL_MS);
  }
}

/** Fails when a condition does not hold. */
export function expect(what, holds) {
  if (!holds) throw new CheckFailure([what]);
}

/** Fails with every difference between two lists of records; values are not shown, they may be a patient's. */
export function expectSame(what, actual, expected) {
  const reasons = [];
  if (actual.length !== expected.length)
    reasons.push(`${what}: ${actual.length} records instead of ${expected.length}`);
  expected.forEach((record, at) => {
    for (const [name, value] of Object.entries(record)) {
      if (actual[at] && actual[at][name] !== value) reasons.push(`${what}[${at + 1}].${name} differs`);
    }
  });
  if (reasons.length > 0) throw new CheckFailure(reasons);
}
