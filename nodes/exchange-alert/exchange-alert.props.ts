/** What is watched, and how often somebody is told. Numbers and times are text, so that `${ENV}` works. */
export interface AlertProps {
  name: string;
  /** Its hospital is named in every alert; empty: none is. */
  profile: string;
  /** The message store that is watched; empty: all. */
  store: string;

  delivery: boolean;
  queue: boolean;
  waiting: boolean;
  disk: boolean;
  certificates: boolean;
  audit: boolean;
  databases: boolean;

  /** Minutes that the oldest message of a node may wait. */
  queueMinutes: string;
  /** Messages that may wait for an operator. */
  waitingCount: string;
  /** Free space of a disk at least, in parts of 100; empty: not looked at. */
  diskPercent: string;
  diskMiB: string;
  /** Days before its end from which on a certificate is told. */
  certificateDays: string;

  /** Hours until an alert that goes on is told again; doubled each time, up to a day. */
  reminderHours: string;
  /** Minutes that an alert must be over before that is told. */
  settleMinutes: string;
  /** Most messages within an hour. */
  perHour: string;
  /** Times of day, as `22:00-07:00`, in which only errors are told; empty: none. */
  quietHours: string;

  language: 'zh' | 'en' | 'both';
  /** At most 500 characters, as a text message. */
  short: boolean;
}
