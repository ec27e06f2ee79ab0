/** The marks beside the credentials. The editor never learns a stored secret, only whether there is one. */
import type { EditorNode } from './red';

export function prepareSecrets(node: EditorNode): void {
  $('[data-secret]').each((_index, element) => {
    const mark = $(element);
    const input = $(`#node-config-input-${String(mark.data('secret'))}`);
    const show = (): void => {
      const key = input.val() ? 'exchange.secret.set' : 'exchange.secret.not-set';
      mark.text(node._(key)).toggleClass('exchange-good', Boolean(input.val()));
    };
    input.on('input change', show);
    show();
  });
}
