/** The tabs of a long form: a list `#<type>-tabs`, and a part `#<type>-tab-<name>` for each. */
import type { EditorNode } from './red';

/** For `oneditprepare`. The titles stand in the catalogue under `<type>.tab.<name>`. */
export function prepareTabs(node: EditorNode, names: readonly string[]): void {
  const list = $(`#${node.type}-tabs`);
  const parts = list.closest('.exchange-form').find('.exchange-tab');
  const tabs = RED.tabs.create({
    element: list,
    onchange: ({ id }) => parts.hide().filter(`#${id}`).show(),
  });
  for (const name of names) {
    tabs.addTab({ id: `${node.type}-tab-${name}`, label: node._(`${node.type}.tab.${name}`) });
  }
}
