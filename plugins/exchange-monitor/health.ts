/**
 * Metrics and health, at the admin server and, where settings.js or the environment names one, at a port of their own.
 * Metrics need `exchange-monitor.read`; whether the process lives and is ready is no secret, the reasons are.
 */
import type { RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock';
import { ExchangeError } from '../../lib/errors';
import { openStores } from '../../lib/monitor/open-stores';
import { MetricsServer, type Shown } from '../../lib/telemetry/metrics-server';
import { ReadyCheck, type Readiness } from '../../lib/telemetry/readiness';
import { TelemetrySettings } from '../../lib/telemetry/settings';
import { telemetry } from '../../lib/telemetry/telemetry';
import { nodeName } from './node-name';

const PREFIX = '/exchange-monitor';
const DEFAULT_OLDEST_MS = 24 * 3_600_000;

/** Shows them until the function that it gives is called. */
export function showHealth(RED: NodeAPI): () => void {
  const { exchangeMonitor } = RED.settings as { exchangeMonitor?: unknown };
  const settings = new TelemetrySettings(exchangeMonitor, process.env);
  const flows = watchFlows(RED);
  const ready = new ReadyCheck({
    stores: openStores,
    clock: systemClock,
    flowsStarted: () => flows.started,
    oldestMs: orTell(RED, () => settings.oldestMs()) ?? DEFAULT_OLDEST_MS,
  });
  telemetry.nameNodes(id => nodeName(RED, id));
  telemetry.watchProcess();
  const shown: Shown = {
    contentType: telemetry.contentType,
    metrics: () => telemetry.expose(),
    readiness: () => ready.look(),
  };
  mount(RED, shown);
  const stopListening = listen(RED, settings, shown);
  return () => {
    telemetry.nameNodes(() => '');
    flows.end();
    stopListening();
  };
}

function mount(RED: NodeAPI, shown: Shown): void {
  const mayRead = RED.auth.needsPermission('exchange-monitor.read');
  RED.httpAdmin.get(
    `${PREFIX}/metrics`,
    mayRead,
    answer(async response => {
      const text = await shown.metrics();
      response.setHeader('Content-Type', shown.contentType);
      response.end(text);
    }),
  );
  RED.httpAdmin.get(
    `${PREFIX}/healthz`,
    answer(async response => void response.type('text/plain').end('ok')),
  );
  const whole = answer(async response => tell(response, await shown.readiness()));
  const brief = answer(async response => tell(response, { ready: (await shown.readiness()).ready }));
  RED.httpAdmin.get(`${PREFIX}/readyz`, (request, response, next) => {
    // Who says who he is, is asked for his permission; where there are no users everybody has it.
    const { adminAuth } = RED.settings as { adminAuth?: unknown };
    if (adminAuth && !request.headers.authorization) brief(request, response, next);
    else
      mayRead(request, response, (error: unknown) => (error ? next(error) : whole(request, response, next)));
  });
}

const answer =
  (work: (response: Response) => Promise<void>): RequestHandler =>
  (_request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    work(response).catch(() => response.status(500).end());
  };

const tell = (response: Response, told: Readiness | Pick<Readiness, 'ready'>): void =>
  void response.status(told.ready ? 200 : 503).json(told);

/** Whether the flows run: between the end of a start and the beginning of the next stop. */
function watchFlows(RED: NodeAPI): { readonly started: boolean; end(): void } {
  const state = { started: false };
  const onStarted = (): void => void (state.started = true);
  const onStopping = (): void => void (state.started = false);
  RED.events.on('flows:started', onStarted);
  RED.events.on('flows:stopping', onStopping);
  return {
    get started() {
      return state.started;
    },
    end() {
      RED.events.removeListener('flows:started', onStarted);
      RED.events.removeListener('flows:stopping', onStopping);
    },
  };
}

function listen(RED: NodeAPI, settings: TelemetrySettings, shown: Shown): () => void {
  const wanted = orTell(RED, () => settings.listener());
  if (!wanted) return () => undefined;
  const server = new MetricsServer(wanted, shown);
  server.listen().catch((error: unknown) => tellError(RED, error));
  return () => void server.close();
}

/** What was read of the settings; undefined when it cannot be used, which is said in the log. */
function orTell<T>(RED: NodeAPI, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    tellError(RED, error);
    return undefined;
  }
}

function tellError(RED: NodeAPI, error: unknown): void {
  RED.log.error(`[exchange-monitor] ${error instanceof ExchangeError ? error.message : String(error)}`);
}
