import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type LoadOrder, playLoad } from '../../lib/simulator/load-calls';
import type { LoadResult } from '../../lib/simulator/load-result';
import { type SimulatorOrder, beginPreset, readOrder } from '../../lib/simulator/orders';
import { BookingCaller } from '../../lib/simulator/platform/booking-caller';
import { SimulatedPlatform } from '../../lib/simulator/simulated-platform';
import { stageText } from '../../lib/simulator/stage';
import { type ExchangeProfileNode, findProfile, usableProfile } from '../exchange-profile/profile-node';
import { mountRoute } from '../shared/http-route';
import { onInput } from '../shared/input';
import { statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import type { PlatformSimulatorProps } from './platform-simulator.props';

type Settings = NodeDef & Partial<PlatformSimulatorProps> & Pick<PlatformSimulatorProps, 'path' | 'profile'>;

/** Where the archive listens unless told otherwise. */
const IMAGE_PORT = 11113;

export default function register(RED: NodeAPI): void {
  function PlatformSimulatorNode(this: Node, def: Settings): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) return status('bad', 'no-profile');

    if (!usableProfile(profileNode)) return status('bad', 'faulty-profile');

    const simulated = simulatedBy(profileNode, def);
    const bookingUrl = def.bookingUrl ?? '';
    const certificate = profileNode.secret('certificate');
    let caller: BookingCaller | undefined;
    const callHospital = (): BookingCaller =>
      (caller ??= new BookingCaller({ url: bookingUrl, certificate }));
    const unmount = mountRoute(RED, def.path, simulated.platform.handler, { below: true });
    if (!unmount) return status('bad', 'path-taken');
    const stop = stopOf(this);
    /** What it does while nothing is asked of it. */
    const show = (): void => {
      const { state } = simulated.stage;
      if (state.faults.length === 0 && !state.scenario) return status('idle', 'listening');
      const { zh, en } = stageText(state);
      status(state.faults.length > 0 ? 'warn' : 'idle', { text: `${zh} | ${en}`.replaceAll(': ', ' ') });
    };

    simulated.on('stage', show);
    simulated.on('received', payload => this.send([{ payload }, null]));
    simulated.on('image', ({ sopInstanceUid, modality }) =>
      this.send([{ payload: { service: 'C-STORE', ok: true, key: sopInstanceUid, modality } }, null]),
    );
    show();
    simulated
      .start()
      .then(() => beginPreset(simulated.stage, def.preset ?? ''))
      .catch((error: Error) => {
        status('bad', 'not-started');
        this.error(error.message);
      });

    const load = (order: LoadOrder): Promise<LoadResult> => {
      const { archiveUrl, orgCode, orgName } = profileNode.profile().settings;
      const url = order.service === 'lab' || order.service === 'exam' ? archiveUrl : bookingUrl;
      return playLoad(order, { url, certificate, orgCode, orgName, signal: stop });
    };
    const carryOut = async (order: SimulatorOrder): Promise<unknown> => {
      if (order.kind === 'call') return callHospital().call(order.service, order.record);
      if (order.kind === 'load') return load(order.load);
      if (order.kind === 'scenario') simulated.stage.play(order.scenario);
      else simulated.stage.set(order.faults);
      return simulated.stage.state;
    };

    onInput(this, async (msg, send) => {
      const order = readOrder(msg.payload);
      if (order.kind === 'call') status('busy', 'calling');
      if (order.kind === 'load') status('busy', 'loading');
      try {
        msg.payload = await carryOut(order);
        show();
        send([null, msg]);
      } catch (error) {
        status('bad', 'failed');
        throw error;
      }
    });

    this.on('close', (_removed: boolean, done: () => void) => {
      unmount();
      Promise.all([simulated.close(), caller?.close()]).then(
        () => done(),
        () => done(),
      );
    });
  }
  RED.nodes.registerType('platform-simulator', PlatformSimulatorNode);
}

function simulatedBy(profileNode: ExchangeProfileNode, def: Settings): SimulatedPlatform {
  const { settings } = profileNode.profile();
  const aeTitle = optional(def.imageAeTitle);
  return new SimulatedPlatform(
    {
      operator: settings.operator,
      organCode: settings.organCode,
      orgCode: settings.orgCode,
      appId: profileNode.secret('appId'),
      strCredential: profileNode.secret('strCredential'),
      strKey: profileNode.secret('strKey'),
      viewerKey: profileNode.secret('viewerKey'),
      validation: settings.validation,
    },
    aeTitle === '' ? undefined : { aeTitle, port: Number(optional(def.imagePort) || IMAGE_PORT) },
  );
}

/** Node-RED leaves a variable that is not set as it is written: then there is nothing. */
const optional = (text = ''): string => text.trim().replace(/^\$\{[^}]*\}$/, '');
