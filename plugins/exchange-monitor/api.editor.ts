/** The monitor's admin routes, as the editor calls them: with the login of its user. */
import type { Text } from '../../lib/errors';
import type { Violation } from '../../lib/contract/violation';
import { inLanguage } from '../../nodes/shared/editor/language';
import { words } from './words.editor';

export type Right = 'read' | 'write' | 'unmask';

export const mayDo = (right: Right): boolean => RED.user.hasPermission(`exchange-monitor.${right}`);

/** Why a request came to nothing, in the user's language. */
export class Problem extends Error {
  readonly status: number;
  readonly violations: readonly Violation[];

  constructor(status: number, text: string, violations: readonly Violation[] = []) {
    super(text);
    this.status = status;
    this.violations = violations;
  }
}

interface Refusal {
  readonly text?: Text;
  readonly violations?: readonly Violation[];
}

const RIGHT_OF: Readonly<Record<string, Right>> = {
  stores: 'read',
  overview: 'read',
  list: 'read',
  message: 'read',
  export: 'read',
  'message/unmasked': 'unmask',
};

/** Calls a route. @throws {Problem} */
export const ask = <Answer>(route: string, body: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    $.ajax(settingsOf(route, body))
      .done((answer: Answer) => resolve(answer))
      .fail((answer: JQuery.jqXHR) =>
        reject(problemOf(route, answer.status, answer.responseJSON as Refusal | undefined)),
      );
  });

/** Fetches a file. @throws {Problem} */
export const fetchFile = (route: string, body: object): Promise<Blob> =>
  new Promise((resolve, reject) => {
    // By its own type, which has no converter, jQuery leaves the content as it is.
    $.ajax({ ...settingsOf(route, body), dataType: 'binary', xhrFields: { responseType: 'blob' } })
      .done((answer: Blob) => resolve(answer))
      .fail((answer: JQuery.jqXHR) => reject(problemOf(route, answer.status, undefined)));
  });

// A relative address: Node-RED adds its root and the user's token to these alone.
const settingsOf = (route: string, body: object): JQuery.AjaxSettings => ({
  url: `exchange-monitor/${route}`,
  method: 'POST',
  contentType: 'application/json',
  data: JSON.stringify(body),
});

function problemOf(route: string, status: number, refusal: Refusal | undefined): Problem {
  if (refusal?.text) return new Problem(status, inLanguage(refusal.text), refusal.violations);
  if (status === 0) return new Problem(status, words('exchange-monitor.problem.offline'));
  if (status === 401 || status === 403) {
    const permission = `exchange-monitor.${RIGHT_OF[route] ?? 'write'}`;
    return new Problem(status, words('exchange-monitor.problem.login', { permission }));
  }
  if (status === 404) return new Problem(status, words('exchange-monitor.problem.old', { status }));
  return new Problem(status, words('exchange-monitor.problem.other', { status }));
}
