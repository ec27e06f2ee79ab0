import type { Node, NodeAPI, NodeDef } from 'node-red';
import { bookingServiceName } from '../../lib/contract/services';
import { ExchangeError } from '../../lib/errors';
import { BookingCaller } from '../../lib/simulator/platform/booking-caller';
import { PlatformSimulator } from '../../lib/simulator/platform/platform-simulator';
import { type ExchangeProfileNode, findProfile, usableProfile } from '../exchange-profile/profile-node';
import { mountRoute } from '../shared/http-route';
import { onInput } from '../shared/input';
import { statusOf } from '../shared/status';
import type { PlatformSimulatorProps } from './platform-simulator.props';

export default function register(RED: NodeAPI): void {
  function PlatformSimulatorNode(this: Node, def: NodeDef & PlatformSimulatorProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) return status('bad', 'no-profile');

    if (!usableProfile(profileNode)) return status('bad', 'faulty-profile');

    const simulator = simulatorOf(profileNode);
    let caller: BookingCaller | undefined;
    const callHospital = (): BookingCaller =>
      (caller ??= new BookingCaller({ url: def.bookingUrl, certificate: profileNode.secret('certificate') }));
    const unmount = mountRoute(RED, def.path, simulator.handler, { below: true });
    if (!unmount) return status('bad', 'path-taken');
    status('idle', 'listening');
    simulator.on('received', payload => this.send([{ payload }, null]));

    onInput(this, async (msg, send) => {
      const { service, record } = commandOf(msg.payload);
      status('busy', 'calling');
      try {
        msg.payload = await callHospital().call(service, record);
        status('idle', 'listening');
        send([null, msg]);
      } catch (error) {
        status('bad', 'failed');
        throw error;
      }
    });
    this.on('close', (_removed: boolean, done: () => void) => {
      unmount();
      simulator.close();
      (caller?.close() ?? Promise.resolve()).then(done, done);
    });
  }
  RED.nodes.registerType('platform-simulator', PlatformSimulatorNode);
}

function simulatorOf(profileNode: ExchangeProfileNode): PlatformSimulator {
  const { settings } = profileNode.profile();
  return new PlatformSimulator({
    operator: settings.operator,
    organCode: settings.organCode,
    orgCode: settings.orgCode,
    appId: profileNode.secret('appId'),
    strCredential: profileNode.secret('strCredential'),
    strKey: profileNode.secret('strKey'),
    viewerKey: profileNode.secret('viewerKey'),
    validation: settings.validation,
  });
}

function commandOf(payload: unknown): {
  service: NonNullable<ReturnType<typeof bookingServiceName>>;
  record: Record<string, string>;
} {
  const command = (typeof payload === 'object' && payload !== null ? payload : {}) as {
    service?: unknown;
    record?: unknown;
  };
  const service = bookingServiceName(typeof command.service === 'string' ? command.service : '');
  if (!service) {
    throw new ExchangeError({
      code: 'CONTRACT',
      retry: 'never',
      text: {
        zh: 'msg.payload 应为 { service: 七个预约服务之一, record: 请求字段 }',
        en: 'msg.payload must be { service: one of the seven booking services, record: fields of the request }',
      },
    });
  }
  return { service, record: (command.record ?? {}) as Record<string, string> };
}
