/** A button that has Node-RED try something with the values as they stand in the form, and shows what came of it. */
import type { Text } from '../../../lib/errors';
import { inLanguage } from './language';
import type { EditorNode } from './red';

/** Answer of the admin routes that test something. */
interface TestResult {
  readonly ok: boolean;
  readonly text: Text;
  readonly durationMs: number;
}

export const valueOf = (name: string): string => String($(`#node-config-input-${name}`).val() ?? '').trim();

/** The chosen config node of a field; empty when there is none. */
export function chosen(name: string): string {
  const id = valueOf(name);
  return id === '_ADD_' ? '' : id;
}

/** Calls an admin route; the button rests until it has answered. */
export function runTest(node: EditorNode, button: JQuery, place: JQuery, url: string, data: object): void {
  button.prop('disabled', true);
  showTest(place, undefined, node._('exchange.test.running'));
  $.ajax({
    url,
    method: 'POST',
    contentType: 'application/json',
    data: JSON.stringify({ id: node.id, ...data }),
  })
    .done((answer: TestResult) =>
      showTest(place, answer.ok, `${inLanguage(answer.text)} (${answer.durationMs} ms)`),
    )
    .fail((answer: JQuery.jqXHR) =>
      showTest(place, false, node._('exchange.test.failed', { status: answer.status })),
    )
    .always(() => button.prop('disabled', false));
}

/** `ok` is undefined while it runs. */
export function showTest(place: JQuery, ok: boolean | undefined, text: string): void {
  const icon = ok === undefined ? 'fa-spinner fa-spin' : ok ? 'fa-check-circle' : 'fa-exclamation-circle';
  place
    .toggleClass('exchange-good', ok === true)
    .toggleClass('exchange-bad', ok === false)
    .empty();
  place.append($('<i>', { class: `fa ${icon}` }), document.createTextNode(` ${text}`));
}
