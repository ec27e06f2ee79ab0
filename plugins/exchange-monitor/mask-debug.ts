/**
 * Debug nodes show messages of our nodes masked: in the sidebar, in their status and in the log. What they get is
 * changed within Node-RED, so that the browser never has it; a flow gets its messages as they are.
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { masked, masksDebug } from '../../lib/monitor/masking';

const HOOK = 'preDeliver.exchange-monitor';

/** The part of Node-RED's event that is used. */
interface Delivery {
  msg: NodeMessage;
  readonly source: { readonly node?: Node & { readonly scope?: unknown } };
  readonly destination: { readonly node?: Node };
}

/** Types of this package whose messages hold data of patients. */
const OURS: ReadonlySet<string> = new Set([
  'booking-request',
  'booking-response',
  'billing-sync',
  'lab-register',
  'exam-register',
  'exchange-handover',
  'report-query',
  'report-file',
  'viewer-token',
  'dicom-send',
  'dicom-retrieve',
  'dicom-receive',
  'database-poll',
  'database-run',
  'exchange-check',
  'platform-simulator',
]);

/**
 * Begins to mask, unless the settings say otherwise. Node-RED calls the hook for
 * every message on every wire: it looks at one property of those for other nodes.
 * @returns ends it
 */
export function maskDebug(RED: NodeAPI): () => void {
  if (!masksDebug(RED.settings)) return () => undefined;
  RED.hooks.add(HOOK, (delivery: Delivery) => {
    if (delivery.destination.node?.type !== 'debug' || !isOurs(RED, delivery)) return;
    delivery.msg = maskedMessage(delivery.msg);
  });
  return () => RED.hooks.remove('*.exchange-monitor');
}

/** It comes from one of our nodes, tells of one's work or failure, or a Complete node tells that one has done. */
function isOurs(RED: NodeAPI, { msg, source: { node } }: Delivery): boolean {
  if (node && OURS.has(node.type)) return true;
  const { exchange, error } = msg as { exchange?: unknown; error?: { source?: { type?: unknown } } };
  if (typeof exchange === 'object' && exchange !== null) return true;
  if (OURS.has(String(error?.source?.type))) return true;
  return node?.type === 'complete' && watchesOurs(RED, node.scope);
}

const watchesOurs = (RED: NodeAPI, scope: unknown): boolean =>
  Array.isArray(scope) && scope.some((id: unknown) => OURS.has(RED.nodes.getNode(String(id))?.type ?? ''));

// The copy of an object is an object; Node-RED knows a message by its `_msgid`, which stays.
const maskedMessage = (msg: NodeMessage): NodeMessage => masked(msg) as NodeMessage;
