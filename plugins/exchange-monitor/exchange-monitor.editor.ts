/** The monitor in the editor: its sidebar tab, and the way from a selected node to its messages. */
import { useStyle } from '../../nodes/shared/editor/form';
import { tell } from './dialogs.editor';
import css from './monitor.css';
import { MonitorTab } from './monitor-tab.editor';
import { words } from './words.editor';

/** Nodes that have messages in a store can all be told how they hand their outcomes over, and no others. */
const hasMessages = (type: string): boolean => 'handover' in (RED.nodes.getType(type)?.defaults ?? {});

RED.plugins.registerPlugin('exchange-monitor', {
  type: 'exchange-monitor',
  onadd() {
    useStyle('regional-exchange-monitor-style', css);
    const showSelected = (): void => {
      const node = RED.view.selection().nodes?.find(({ type }) => hasMessages(type));
      if (!node) return tell('warning', words('exchange-monitor.problem.no-selection'));
      RED.sidebar.show('exchange-monitor');
      tab.showNode(node.id);
    };
    const tab = new MonitorTab(showSelected);
    RED.sidebar.addTab({
      id: 'exchange-monitor',
      label: words('exchange-monitor.name'),
      name: words('exchange-monitor.label'),
      iconClass: 'fa fa-exchange',
      content: tab.element[0] as HTMLElement,
      enableOnEdit: true,
      action: 'exchange-monitor:show',
    });
    RED.actions.add('exchange-monitor:show', () => RED.sidebar.show('exchange-monitor'), {
      label: words('exchange-monitor.label'),
    });
    RED.actions.add('exchange-monitor:show-messages-of-node', showSelected, {
      label: words('exchange-monitor.search.selected'),
    });
  },
});
