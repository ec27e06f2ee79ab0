/** The test buttons beside the platform's addresses: Node-RED calls the address as it stands in the form. */
import type { Text } from '../../lib/errors';
import { inLanguage } from '../shared/editor/language';
import type { EditorNode } from '../shared/editor/red';

/** Answer of the admin route `exchange-profile/test`. */
interface TestResult {
  readonly ok: boolean;
  readonly text: Text;
  readonly durationMs: number;
}

const valueOf = (name: string): string => String($(`#node-config-input-${name}`).val() ?? '').trim();

export function prepareConnectionTests(node: EditorNode): void {
  $('[data-test]').on('click', event => {
    const button = $(event.currentTarget);
    test(node, button, String(button.data('test')), valueOf(String(button.data('field'))));
  });
}

function test(node: EditorNode, button: JQuery, target: string, url: string): void {
  const result = $(`[data-result="${target}"]`);
  if (!url) {
    show(result, false, node._('exchange-profile.test.no-address'));
    return;
  }
  button.prop('disabled', true);
  show(result, undefined, node._('exchange-profile.test.running'));
  const tls = valueOf('tls');
  $.ajax({
    url: 'exchange-profile/test',
    method: 'POST',
    contentType: 'application/json',
    data: JSON.stringify({
      id: node.id,
      target,
      url,
      soapVersion: valueOf('soapVersion'),
      namespace: valueOf('namespace'),
      timeout: valueOf('timeout'),
      tls: tls === '_ADD_' ? '' : tls,
    }),
  })
    .done((answer: TestResult) =>
      show(result, answer.ok, `${inLanguage(answer.text)} (${answer.durationMs} ms)`),
    )
    .fail((answer: JQuery.jqXHR) =>
      show(result, false, node._('exchange-profile.test.failed', { status: answer.status })),
    )
    .always(() => button.prop('disabled', false));
}

function show(place: JQuery, ok: boolean | undefined, text: string): void {
  const icon = ok === undefined ? 'fa-spinner fa-spin' : ok ? 'fa-check-circle' : 'fa-exclamation-circle';
  place
    .toggleClass('exchange-good', ok === true)
    .toggleClass('exchange-bad', ok === false)
    .empty();
  place.append($('<i>', { class: `fa ${icon}` }), document.createTextNode(` ${text}`));
}
