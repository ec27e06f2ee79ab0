/** SOP classes that are named in code (PS3.4, PS3.6 annex A). */
export const VERIFICATION = '1.2.840.10008.1.1';
export const STORAGE_COMMITMENT = '1.2.840.10008.1.20.1';
/** Well-known instance of the Storage Commitment Push Model. */
export const STORAGE_COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1';

/** Query/Retrieve information models. */
export const queryRetrieve = {
  PATIENT: {
    find: '1.2.840.10008.5.1.4.1.2.1.1',
    move: '1.2.840.10008.5.1.4.1.2.1.2',
    get: '1.2.840.10008.5.1.4.1.2.1.3',
  },
  STUDY: {
    find: '1.2.840.10008.5.1.4.1.2.2.1',
    move: '1.2.840.10008.5.1.4.1.2.2.2',
    get: '1.2.840.10008.5.1.4.1.2.2.3',
  },
} as const;

/** Storage SOP classes begin so; vendors' own classes have UIDs of their own. */
export const isStorageClass = (uid: string): boolean => uid.startsWith('1.2.840.10008.5.1.4.1.1.');
