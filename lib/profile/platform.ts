/** The platform as one profile sees it: a caller for each of its addresses, opened when first used. */
import { DEFAULT_NAMESPACE } from '../contract/services';
import type { SoapCaller } from '../soap/caller';
import { SoapClient, type SoapTlsOptions } from '../soap/client';
import { WsdlClient } from '../soap/wsdl-client';
import { type Profile, needSetting } from './profile';

export type PlatformAddress = 'callInterfaceUrl' | 'archiveUrl';

export interface PlatformAccess {
  readonly tls?: SoapTlsOptions;
  readonly basic?: { readonly user: string; readonly password: string };
}

export class Platform {
  readonly #profile: Profile;
  readonly #access: PlatformAccess;
  readonly #callers = new Map<PlatformAddress, SoapCaller>();

  constructor(profile: Profile, access: PlatformAccess) {
    this.#profile = profile;
    this.#access = access;
  }

  /** @throws {ExchangeError} CONFIG when the address is not set. */
  caller(address: PlatformAddress): SoapCaller {
    let caller = this.#callers.get(address);
    if (!caller) this.#callers.set(address, (caller = this.#open(address)));
    return caller;
  }

  async close(): Promise<void> {
    const callers = [...this.#callers.values()];
    this.#callers.clear();
    await Promise.all(callers.map(caller => caller.close()));
  }

  #open(address: PlatformAddress): SoapCaller {
    const { settings, timeoutMs, connections } = this.#profile;
    const options = {
      url: needSetting(address, settings[address]),
      version: settings.soapVersion || '1.1',
      namespace: settings.namespace || DEFAULT_NAMESPACE,
      timeoutMs,
      connections,
      ...this.#access,
    };
    return settings.wsdl ? new WsdlClient({ ...options, wsdl: settings.wsdl }) : new SoapClient(options);
  }
}
