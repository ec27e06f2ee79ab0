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

/** Storage classes that a C-GET proposes: each takes two of the 127 contexts beside that of the query. */
export const STORAGE_CLASSES: readonly string[] = [
  '1 1.1 1.1.1 1.2 1.2.1 1.3 1.3.1 2 2.1 2.2 3.1 4 4.1 4.2 4.3 6.1 6.2 7 7.1 7.2 7.3 7.4 9.1.1 9.1.2',
  '9.1.3 9.2.1 9.3.1 9.4.1 11.1 11.2 12.1 12.1.1 12.2 12.2.1 13.1.1 13.1.2 13.1.3 14.1 14.2 20 66 66.1',
  '66.4 66.5 77.1.1 77.1.1.1 77.1.2 77.1.2.1 77.1.4 77.1.4.1 77.1.5.1 77.1.5.2 77.1.6 88.11 88.22 88.33',
  '88.59 88.67 104.1 128',
]
  .join(' ')
  .split(' ')
  .map(end => `1.2.840.10008.5.1.4.1.1.${end}`);
