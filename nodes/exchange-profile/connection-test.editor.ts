/** The test buttons beside the platform's addresses. */
import type { EditorNode } from '../shared/editor/red';
import { chosen, runTest, showTest, valueOf } from '../shared/editor/test-button';

export function prepareConnectionTests(node: EditorNode): void {
  $('[data-test]').on('click', event => {
    const button = $(event.currentTarget);
    test(node, button, String(button.data('test')), valueOf(String(button.data('field'))));
  });
}

function test(node: EditorNode, button: JQuery, target: string, url: string): void {
  const result = $(`[data-result="${target}"]`);
  if (!url) return showTest(result, false, node._('exchange-profile.test.no-address'));
  runTest(node, button, result, 'exchange-profile/test', {
    target,
    url,
    soapVersion: valueOf('soapVersion'),
    namespace: valueOf('namespace'),
    timeout: valueOf('timeout'),
    tls: chosen('tls'),
  });
}
