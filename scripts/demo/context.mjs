// What the checks work with: the platform's calls to the hospital, the flow's buttons, and comparing.
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { bookingPath, demoSecrets } from './settings.mjs';
import { heldBySimulator } from './simulator.mjs';

const require = createRequire(import.meta.url);
const { BookingCaller } = require('../../dist/lib/simulator/platform/booking-caller.js');

const DEADLINE_MS = 20_000;
const POLL_MS = 25;

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
  const nodesOf = type => demo.RED.nodes.getFlows().flows.filter(node => node.type === type);
  const buttonBefore = node => nodesOf('inject').find(({ wires }) => wires.flat().includes(node.id));
  return {
    ...demo,
    /** Calls a booking service as the platform does. Any deviation from the agreement fails the check. */
    async ask(service, record) {
      const answer = await caller.call(service, { clientType: '7', patientType: '1', ...record });
      if (answer.deviations.length > 0) throw new CheckFailure(answer.deviations);
      return answer;
    },

    /** What the platform holds of an interface. */
    held: name => heldBySimulator(demo.url, name),

    /** Presses the button of an inject node of the flow. */
    press(id) {
      demo.RED.nodes.getNode(id).receive();
    },

    /** Gives a node of the flow a message; gives the first message that the node then sends. */
    through: (node, payload) =>
      nextMessage(demo.RED, node, () => demo.RED.nodes.getNode(node.id).receive({ payload })),

    /** Presses the button before a node; gives the first message that the node then sends. */
    pressBefore(node) {
      const button = buttonBefore(node);
      return nextMessage(demo.RED, node, () => demo.RED.nodes.getNode(button.id).receive());
    },

    /** The demo flow's nodes of a type, as the flow file holds them. */
    nodesOf,

    /** Those of them that have a button. */
    withButton: type => nodesOf(type).filter(buttonBefore),

    close: () => caller.close(),
  };
}

/** Gives the next message that a node sends; an error of the node fails the check with its text. */
async function nextMessage(RED, sender, start) {
  let sent;
  let failed;
  RED.hooks.add('onSend.check', events => {
    sent ??= events.find(({ source }) => source.id === sender.id)?.msg;
  });
  RED.hooks.add('onComplete.check', ({ node, error }) => {
    if (node.id === sender.id) failed ??= error;
  });
  try {
    start();
    await until(`${sender.type} sends a message`, () => {
      if (failed) throw new CheckFailure([failed.message]);
      return sent !== undefined;
    });
    return sent;
  } finally {
    RED.hooks.remove('*.check');
  }
}

/** Waits until `reached` gives true; fails with `what` after 20 seconds, or as many as are given. */
export async function until(what, reached, withinMs = DEADLINE_MS) {
  const deadline = Date.now() + withinMs;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new CheckFailure([`not within ${withinMs / 1000} s: ${what}`]);
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
