import type { Node, NodeAPI, NodeDef } from 'node-red';
import { BookingDesk } from '../../lib/booking/booking-desk';
import { systemClock } from '../../lib/clock';
import { DEFAULT_NAMESPACE, bookingServiceNames, soapMethods } from '../../lib/contract/services';
import { throttle } from '../../lib/monitor/throttle';
import { AllowedNetworks, callerAddress } from '../../lib/networks';
import { SoapEndpoint } from '../../lib/soap/endpoint';
import { findProfile, usableProfile } from '../exchange-profile/profile-node';
import { auditOf } from '../shared/audit';
import { mountRoute } from '../shared/http-route';
import { wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import type { BookingRequestProps } from './booking-request.props';

/** A caller that is refused again and again must not fill the log. */
const WARN_MS = 10_000;

export default function register(RED: NodeAPI): void {
  function BookingRequest(this: Node, def: NodeDef & BookingRequestProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) return status('bad', 'no-profile');
    const profile = usableProfile(profileNode);
    if (!profile) return status('bad', 'faulty-profile');
    if (!profileNode.secret('certificate')) this.warn(RED._('booking-request.error.no-certificate'));

    const networks = networksOf(def.allowedNetworks);
    if (!networks) return status('bad', 'networks');
    const audit = auditOf(this, profileNode);
    const warnOnce = throttle<string>(WARN_MS, systemClock, reasons => this.warn(reasons.join('；')));
    const desk = new BookingDesk({
      access: {
        certificate: profileNode.secret('certificate'),
        allowedOperators: profile.allowedOperators,
        check: profile.check,
      },
      repeatMs: wholeNumber(def.repeatMinutes, 30, 0) * 60_000,
      onCall: ({ record, ...booking }) => {
        status('busy', 'waiting');
        const outputs = bookingServiceNames.map(name =>
          name === booking.service
            ? { _msgid: RED.util.generateId(), payload: { ...record }, booking }
            : null,
        );
        this.send(outputs);
      },
      onAnswered: ({ service, success, durationMs }) =>
        audit({ service, outcome: success ? 'accepted' : 'refused', durationMs }),
      onRefused: ({ reason }) => {
        audit({ service: 'AppointmentDealInterface', outcome: 'refused', code: 'BUSINESS', durationMs: 0 });
        status('warn', 'refused');
        warnOnce(reason);
      },
    });
    const endpoint = new SoapEndpoint({
      serviceName: 'AppointmentDealInterface',
      namespace: profile.settings.namespace || DEFAULT_NAMESPACE,
      operations: [{ name: 'AppointmentDealInterface', parameters: soapMethods.AppointmentDealInterface }],
      handle: async ({ parameters }) => {
        try {
          return await desk.handle(parameters['msgHeader'] ?? null, parameters['msgBody'] ?? null);
        } catch (error) {
          // The caller gets a fault with a neutral text; what went wrong is for the hospital to see.
          this.error(error instanceof Error ? error.message : String(error));
          throw error;
        } finally {
          status('idle', 'listening');
        }
      },
      timeoutMs: wholeNumber(def.timeout, 25) * 1000,
      maxConcurrent: wholeNumber(def.maxPending, 64),
      admits: request => {
        const isAdmitted = networks.admits(callerAddress(request, def.trustProxy));
        if (!isAdmitted) status('warn', 'stranger');
        return isAdmitted;
      },
      ...(def.baseUrl && { baseUrl: def.baseUrl }),
    });
    const unmount = mountRoute(RED, def.path, endpoint.handler);
    if (!unmount) return status('bad', 'path-taken');
    status('idle', 'listening');
    this.on('close', () => {
      unmount();
      endpoint.close({
        zh: '服务正在重新部署，请稍后重试',
        en: 'the service is being redeployed, try again',
      });
      desk.close();
    });
  }
  RED.nodes.registerType('booking-request', BookingRequest);
}

/** Undefined for an entry that is no network: better nobody than everybody. */
function networksOf(text = ''): AllowedNetworks | undefined {
  try {
    return new AllowedNetworks(text);
  } catch {
    return undefined;
  }
}
