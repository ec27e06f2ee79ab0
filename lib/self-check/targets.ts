/** What a self-check looks at: one hospital's own endpoints, and those of the platform that it works with. */
import type { PeerOptions } from '../dicom/settings';
import type { ExchangeError } from '../errors';
import type { Profile } from '../profile/profile';
import type { PlatformAddress } from '../profile/platform';
import type { SoapCaller } from '../soap/caller';
import type { SoapTlsOptions } from '../soap/tls';

/**
 * What may be written: `never` anything; `simulator`: only to peers that say they are simulators; `test-data`: records
 * and images that are marked as test data to all peers, and test bookings at the hospital.
 */
export type WritePermission = 'never' | 'simulator' | 'test-data';

export interface BookingTarget {
  /** Address of the hospital's AppointmentDealInterface. */
  readonly url: string;
  readonly certificate: string;
  /** Default `xmzsh`. */
  readonly callOperator?: string;
  /** Card number of the hospital's test patient; empty: there is none. */
  readonly patientNo: string;
  /** 1 outpatient, 3 physical examination. */
  readonly patientType: '1' | '3';
}

export interface PlatformTarget {
  readonly profile: Profile;
  /** @throws {ExchangeError} CONFIG when the address is not set */
  caller(address: PlatformAddress): SoapCaller;
  readonly secrets: Readonly<Record<'appId' | 'strCredential' | 'strKey' | 'viewerKey', string>>;
  readonly tls?: SoapTlsOptions;
}

export interface ReportFileTarget {
  /** Publishes a file as the hospital's flow does. @returns its address */
  publish(content: Buffer, lookUp: (name: string) => unknown, signal: AbortSignal): Promise<string>;
  /** The files lie at the hospital itself: publishing writes to nobody else. */
  readonly own: boolean;
}

/** A part that cannot be used says why. */
export type Part<T> = T | ExchangeError | undefined;

export interface CheckTargets {
  readonly writes: WritePermission;
  readonly booking?: Part<BookingTarget>;
  readonly platform?: Part<PlatformTarget>;
  /** The platform's image archive. */
  readonly archive?: Part<PeerOptions>;
  /** The hospital's own PACS. */
  readonly pacs?: Part<PeerOptions>;
  readonly reportFile?: Part<ReportFileTarget>;
}
