/**
 * Admin routes of the monitor. All are POST with a JSON body: search terms are a patient's, and addresses end in the
 * logs of proxies. Reading needs `exchange-monitor.read`, changing `exchange-monitor.write`, and seeing what is masked
 * `exchange-monitor.unmask`.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { resendStep } from '../../lib/delivery/resend-all';
import { ExchangeError, type Text } from '../../lib/errors';
import { exportMessages } from '../../lib/monitor/export';
import { mendMessage } from '../../lib/monitor/mend-message';
import { type MessageView, viewMessage } from '../../lib/monitor/message-view';
import { type StoreEntry, openStores } from '../../lib/monitor/open-stores';
import { overview } from '../../lib/monitor/overview';
import { noSuchStore, notJson } from '../../lib/monitor/refusal';
import { RequestBody } from '../../lib/monitor/request';
import type { MessageState } from '../../lib/store/message';
import type { Look } from '../../lib/store/message-store';
import { nodeName } from './node-name';

const PREFIX = '/exchange-monitor';

type Opened = Exclude<StoreEntry['opened'], Text>;

/** What a route works with. */
interface Asked extends Opened {
  readonly body: RequestBody;
  readonly actor: string;
  readonly response: Response;
}

type Permission = 'read' | 'write' | 'unmask';

/** States whose messages did not arrive, and can be sent again as they are. */
const FAILED: readonly MessageState[] = ['dead', 'refused', 'unconfirmed', 'in-doubt'];

export function mountRoutes(RED: NodeAPI): void {
  const post = (path: string, permission: Permission, answer: (asked: Asked) => unknown): void => {
    RED.httpAdmin.post(
      `${PREFIX}/${path}`,
      RED.auth.needsPermission(`exchange-monitor.${permission}`),
      answered((request, response) => answer(readAsked(request, response))),
    );
  };
  RED.httpAdmin.post(
    `${PREFIX}/stores`,
    RED.auth.needsPermission('exchange-monitor.read'),
    answered(() => openStores.all().map(describeStore)),
  );

  post('overview', 'read', ({ store, dispatcher }) =>
    overview(store, dispatcher.channels(), id => nodeName(RED, id)),
  );
  post('list', 'read', async ({ store, body }) => ({
    messages: await store.search({ ...body.filter(), ...body.page() }),
  }));

  post('message', 'read', view('view'));
  post('message/unmasked', 'unmask', view('unmask'));

  post('cancel', 'write', ({ store, dispatcher, body, actor }) =>
    thenWake(dispatcher, store.cancel({ ids: body.ids(), actor })),
  );
  post('resend', 'write', ({ store, dispatcher, body, actor }) =>
    thenWake(dispatcher, store.resend({ ids: body.ids(), actor, spacingMs: 0, force: body.flag('force') })),
  );
  post('resend-failed', 'write', ({ store, dispatcher, body, actor }) => {
    const { states = FAILED, ...filter } = body.filter();
    const { beforeSeq } = body.page();
    return thenWake(
      dispatcher,
      resendStep(store, {
        filter: { ...filter, states: states.filter(state => FAILED.includes(state)) },
        actor,
        perMinute: body.whole('perMinute', 1, 60_000) ?? 60,
        already: body.whole('already', 0, Number.MAX_SAFE_INTEGER) ?? 0,
        ...(beforeSeq !== undefined && { beforeSeq }),
      }),
    );
  });
  post('mend', 'write', asked =>
    mendMessage(asked, {
      id: asked.body.needed('id'),
      actor: asked.actor,
      changes: asked.body.value('changes'),
      records: asked.body.value('records'),
      checkOnly: asked.body.flag('checkOnly'),
    }),
  );
  post('send-now', 'write', async ({ store, dispatcher, body, actor }) => {
    const channel = body.needed('channel');
    await store.audit({ ...action(actor, 'send-now'), channel });
    return { due: await dispatcher.sendNow(channel) };
  });

  post('export', 'read', async ({ store, body, actor, response }) => {
    const format = body.choice('format', ['csv', 'json']);
    const filter = body.filter();
    const language = body.choice('language', ['zh', 'en']);
    await store.audit({ ...action(actor, 'export'), channel: filter.channel ?? '' });
    const pieces = exportMessages(store, filter, { format, language, nameOf: id => nodeName(RED, id) || id });
    response.setHeader('Content-Type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json');
    response.setHeader('Content-Disposition', `attachment; filename="messages.${format}"`);
    await pipeline(Readable.from(pieces), response);
  });
}

const view =
  (action: Look) =>
  ({ store, dispatcher, body, actor }: Asked): Promise<MessageView> =>
    viewMessage(
      store,
      body.needed('id'),
      { actor, action },
      id => dispatcher.channels().find(channel => channel.id === id)?.mending,
    );

const action = (actor: string, name: string) => ({
  actor,
  action: name,
  message: '',
  service: '',
  outcome: 'done',
  code: '',
  durationMs: 0,
});

async function thenWake<T>(dispatcher: Opened['dispatcher'], work: Promise<T>): Promise<T> {
  const result = await work;
  dispatcher.wakeAll();
  return result;
}

const describeStore = ({ id, name, opened }: StoreEntry) => ({
  id,
  name,
  shared: 'store' in opened && opened.store.shared,
  failure: 'store' in opened ? null : opened,
});

function readAsked(request: Request, response: Response): Asked {
  const body = new RequestBody(request.body);
  const entry = openStores.find(body.needed('store'));
  if (!entry) throw noSuchStore();
  if (!('store' in entry.opened))
    throw new ExchangeError({ code: 'CONFIG', retry: 'never', text: entry.opened });
  return { ...entry.opened, body, actor: actorOf(request), response };
}

/** The user who is logged in to the editor. */
function actorOf(request: Request): string {
  const { user } = request as { user?: { username?: unknown } };
  return typeof user?.username === 'string' ? user.username : 'editor';
}

/** Answers with what `work` gives, as JSON, unless it has answered itself; errors in both languages. */
function answered(work: (request: Request, response: Response) => unknown): RequestHandler {
  return (request, response) => {
    // A form of a foreign page may be posted here by a browser; JSON may not, without this server's consent.
    const isJson = Boolean(request.is('application/json'));
    Promise.resolve()
      .then(() => (isJson ? work(request, response) : refuse()))
      .then(
        result => {
          if (!response.headersSent) response.json(result);
        },
        (error: unknown) => {
          const { status, ...told } = describeError(error);
          if (response.headersSent) response.destroy();
          else response.status(status).json(told);
        },
      );
  };
}

const STATUS: Readonly<Record<string, number>> = { CONTRACT: 422, CONFIG: 409, STORE: 503, STORE_FULL: 507 };

function describeError(error: unknown): { status: number; code: string; text: Text; violations?: unknown } {
  if (!(error instanceof ExchangeError)) return { status: 500, code: 'UNEXPECTED', text: unexpected };
  const { code, text, details, cause } = error;
  const { httpStatus } = details;
  return {
    status: typeof httpStatus === 'number' ? httpStatus : (STATUS[code] ?? 500),
    code,
    text,
    ...(code === 'CONTRACT' && cause !== undefined && { violations: cause }),
  };
}

function refuse(): never {
  throw notJson();
}

const unexpected: Text = {
  zh: '组件内部错误，请联系开发者',
  en: 'an error inside this package: tell its developers',
};
