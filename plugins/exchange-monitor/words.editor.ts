/** Words of the monitor in the user's language. */
import type { MessageState } from '../../lib/store/message';

/** Text of the plugin's catalogue. */
export const words = (key: string, values?: Readonly<Record<string, string | number>>): string =>
  RED.plugins.getPlugin('exchange-monitor')._(key, values);

export const stateTitle = (state: MessageState): string => words(`exchange-monitor.state.${state}`);
export const stateHint = (state: MessageState): string => words(`exchange-monitor.state-hint.${state}`);

/** Services that messages are of; their order is that of the agreement. */
export const SERVICES = [
  'UpdateBillingInfo',
  'SyncAppointData',
  'ArchiveAutoReport',
  'C-STORE',
  'EFILM',
  'RETRIEVE',
  'STUDY',
  'ROW',
] as const;

/** One that this version does not know keeps its name. */
export const serviceTitle = (service: string): string =>
  (SERVICES as readonly string[]).includes(service) ? words(`exchange-monitor.service.${service}`) : service;

/** Names of running nodes, some of which an editor that was not loaded anew does not know. */
const runningNames = new Map<string, string>();

export function noteNames(nodes: readonly { readonly id: string; readonly name: string }[]): void {
  for (const { id, name } of nodes) if (name) runningNames.set(id, name);
}

/** A node as the editor labels it; its id when it was deleted. */
export function nodeTitle(id: string): string {
  const node = RED.nodes.node(id);
  return node ? RED.utils.getNodeLabel(node, node.type) : (runningNames.get(id) ?? id);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Time of this day, or day and time. */
export function timeText(time: number, now = Date.now()): string {
  const date = new Date(time);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const today = date.toDateString() === new Date(now).toDateString();
  return today ? clock : `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** With the year, for details. */
export const fullTime = (time: number): string => {
  const date = new Date(time);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
};

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** The two greatest units: `350 ms`, `12 s`, `3 h 20 min`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const from = UNITS.findIndex(([, size]) => ms >= size);
  const [name, size] = UNITS[from] ?? UNITS[3];
  const whole = Math.floor(ms / size);
  const below = UNITS[from + 1];
  const rest = below ? Math.floor((ms % size) / below[1]) : 0;
  return below && rest > 0 ? `${whole} ${name} ${rest} ${below[0]}` : `${whole} ${name}`;
}
