/**
 * The targets of a self-check from the environment: the variables that the prebuilt flows take their settings and secrets
 * from, so that the command line checks what the flows use.
 */
import { CodeTables } from '../contract/code-table';
import { readPeer } from '../dicom/settings';
import { ExchangeError } from '../errors';
import { Platform } from '../profile/platform';
import { type Profile, type ProfileSettings, readProfile } from '../profile/profile';
import type {
  BookingTarget,
  CheckTargets,
  Part,
  PlatformTarget,
  WritePermission,
} from '../self-check/targets';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names of the variables by setting; the flows' configuration uses the same. */
const SETTINGS = {
  organCode: 'EXCHANGE_ORGAN_CODE',
  operator: 'EXCHANGE_OPERATOR',
  orgCode: 'EXCHANGE_ORG_CODE',
  orgName: 'EXCHANGE_ORG_NAME',
  userOrganizationId: 'EXCHANGE_USER_ORGANIZATION_ID',
  userOrganizationName: 'EXCHANGE_ORG_NAME',
  organizationId: 'EXCHANGE_ORGANIZATION_ID',
  userGuid: 'EXCHANGE_USER_GUID',
  callInterfaceUrl: 'EXCHANGE_CALL_INTERFACE_URL',
  archiveUrl: 'EXCHANGE_ARCHIVE_URL',
  viewerUrl: 'EXCHANGE_VIEWER_URL',
} as const satisfies Partial<Record<keyof ProfileSettings, string>>;

/** What the flows do not take from the environment: the defaults of the profile's dialog. */
const DEFAULTS: Omit<ProfileSettings, keyof typeof SETTINGS> = {
  soapVersion: '1.1',
  namespace: '',
  wsdl: '',
  timeout: '20',
  connections: '',
  perMinute: '',
  sendingHours: '',
  validation: 'lenient',
  lengthUnit: 'char',
  dateStyle: 'table',
  subItemLayout: 'repeat',
  sendApplyFormNo: false,
  acceptedPattern: '',
  refusedPattern: '',
  emptyMeans: 'unconfirmed',
  allowedOperators: '',
  codeTableFile: '',
};

/** @throws {ExchangeError} CONFIG */
export function profileFrom(environment: Environment): Profile {
  const named = Object.entries(SETTINGS).map(([name, variable]) => [name, environment[variable] ?? '']);
  // Every name is one of the settings.
  const settings = { ...DEFAULTS, ...(Object.fromEntries(named) as Record<keyof typeof SETTINGS, string>) };
  return readProfile(settings, new CodeTables());
}

export interface CheckedSystem extends CheckTargets {
  readonly profile: Profile;
  close(): Promise<void>;
}

/** @throws {ExchangeError} CONFIG for a setting that no check could use */
export function targetsFrom(environment: Environment, writes: WritePermission): CheckedSystem {
  const profile = profileFrom(environment);
  const platform = new Platform(profile, {});
  return {
    writes,
    profile,
    platform: platformTarget(profile, platform, environment),
    booking: bookingTarget(environment),
    archive: peerFrom(environment, 'EXCHANGE_IMAGES'),
    pacs: peerFrom(environment, 'EXCHANGE_PACS'),
    close: () => platform.close(),
  };
}

const platformTarget = (profile: Profile, platform: Platform, environment: Environment): PlatformTarget => ({
  profile,
  caller: address => platform.caller(address),
  secrets: {
    appId: environment['EXCHANGE_APP_ID'] ?? '',
    strCredential: environment['EXCHANGE_STR_CREDENTIAL'] ?? '',
    strKey: environment['EXCHANGE_STR_KEY'] ?? '',
    viewerKey: environment['EXCHANGE_VIEWER_KEY'] ?? '',
  },
});

function bookingTarget(environment: Environment): BookingTarget | undefined {
  const url = environment['EXCHANGE_BOOKING_URL'];
  if (!url) return undefined;
  return {
    url,
    certificate: environment['EXCHANGE_CERTIFICATE'] ?? '',
    patientNo: environment['EXCHANGE_CHECK_PATIENT'] ?? '',
    patientType: environment['EXCHANGE_CHECK_PATIENT_TYPE'] === '3' ? '3' : '1',
  };
}

function peerFrom(environment: Environment, prefix: string): Part<ReturnType<typeof readPeer>> {
  const text = (name: string): string => environment[`${prefix}_${name}`] ?? '';
  if (text('HOST') === '') return undefined;
  try {
    return readPeer({
      host: text('HOST'),
      port: text('PORT'),
      aeTitle: text('AE'),
      callingAeTitle: environment['EXCHANGE_AE'] ?? '',
      connectTimeout: '10',
      timeout: '20',
    });
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
}
