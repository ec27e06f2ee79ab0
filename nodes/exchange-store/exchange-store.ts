import path from 'node:path';
import type { NodeAPI, NodeDef } from 'node-red';
import { systemClock } from '../../lib/clock';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import type { DeliveryEvent } from '../../lib/delivery/events';
import { ExchangeError, bilingual } from '../../lib/errors';
import { type OpenedStore, type StoreEntry, openStores, watched } from '../../lib/monitor/open-stores';
import { keepHouse } from '../../lib/store/housekeeping';
import { keepOpen } from '../../lib/store/open-store';
import type { EmbeddedSettings } from '../../lib/store/settings';
import { counted } from '../../lib/telemetry/counted-store';
import { telemetry } from '../../lib/telemetry/telemetry';
import { readStoreOptions } from '../../lib/delivery/store-options';
import type { StoreProps } from './exchange-store.props';
import type { ExchangeStoreNode } from './store-node';

/** Node-RED ends a node that takes longer than 15 s to close. */
const GRACE_MS = 5000;

export default function register(RED: NodeAPI): void {
  function ExchangeStore(this: ExchangeStoreNode, def: NodeDef & StoreProps): void {
    RED.nodes.createNode(this, def);
    try {
      open(this, def);
    } catch (error) {
      this.error(error instanceof Error ? error.message : String(error));
      if (error instanceof ExchangeError) this.on('close', enter(this, error.text));
    }
  }
  RED.nodes.registerType('exchange-store', ExchangeStore, {
    credentials: {
      key: { type: 'password' },
      previousKey: { type: 'password' },
      user: { type: 'text' },
      password: { type: 'password' },
    },
  });

  function open(node: ExchangeStoreNode, def: StoreProps): void {
    const userDir = RED.settings.userDir ?? process.cwd();
    const { settings, retry, repeatMs, keeping } = readStoreOptions(def, node.credentials ?? {}, file =>
      path.resolve(userDir, file),
    );
    const seen = watched(keepOpen(settings), () => openStores.changed(node.id));
    const store = counted(seen, telemetry.messages, channel => dispatcher.titleOf(channel));
    const onEvent = (event: DeliveryEvent): void => {
      tell(node, event);
      openStores.tell(node.id, event);
    };
    const dispatcher = new Dispatcher(store, { retry, repeatMs, onEvent });
    const stopHousekeeping = keepHouse(store, keeping, systemClock);
    Object.assign(node, { store, dispatcher, keeping });
    const leave = enter(node, {
      store,
      dispatcher,
      ...(settings.kind === 'embedded' && { place: placeOf(settings) }),
    });
    node.on('close', (_removed: boolean, done: () => void) => {
      leave();
      stopHousekeeping();
      // An error of closing changes nothing: what is in the store is on disk.
      dispatcher
        .stop(GRACE_MS)
        .then(() => store.close())
        .then(done, done);
    });
  }
}

/** Without the key, which nobody else needs. */
const placeOf = ({ file, maxMiB }: EmbeddedSettings): NonNullable<OpenedStore['place']> => ({
  file,
  ...(maxMiB !== undefined && { maxMiB }),
});

/** Shows the store in the monitor; gives the function that takes it away. */
const enter = ({ id, name }: ExchangeStoreNode, opened: StoreEntry['opened']): (() => void) =>
  openStores.add({ id, name: name ?? '', opened });

/**
 * For the log: what somebody must mend is an error, what passes by itself a warning or less. Catch nodes hear of it from
 * the delivering nodes: Node-RED loops for ever over an error of a config node that another config node uses.
 */
function tell(node: ExchangeStoreNode, { kind, text, count }: DeliveryEvent): void {
  const words = count > 1 ? `${bilingual(text)} (×${count})` : bilingual(text);
  if (kind === 'paused' || kind === 'dead' || kind === 'store-down') node.error(words);
  else if (kind === 'down') node.warn(words);
  else node.log(words);
}
