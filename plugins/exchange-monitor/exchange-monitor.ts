/** The message monitor: its admin routes, metrics and health, and the word to open editors that something has changed. */
import type { NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock';
import { openStores } from '../../lib/monitor/open-stores';
import { throttle } from '../../lib/monitor/throttle';
import { showHealth } from './health';
import { maskDebug } from './mask-debug';
import { mountRoutes } from './routes';

/** Editors are told no more often: they fetch what they show. */
const TELL_EVERY_MS = 1000;

export default function register(RED: NodeAPI): void {
  const ends: (() => void)[] = [];
  const plugin = {
    type: 'exchange-monitor',
    onadd() {
      mountRoutes(RED);
      const tell = throttle<string>(TELL_EVERY_MS, systemClock, stores =>
        RED.comms.publish('exchange-monitor/changed', { stores }, false),
      );
      ends.push(
        openStores.onChange(id => tell(id)),
        maskDebug(RED),
        showHealth(RED),
      );
    },
    /** The package is removed while Node-RED runs. */
    onremove() {
      for (const end of ends.splice(0)) end();
    },
  };
  RED.plugins.registerPlugin('exchange-monitor', plugin);
}
