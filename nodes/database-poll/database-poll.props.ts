import type { DeliveryProps } from '../shared/delivery.props';

export interface DatabasePollProps extends Pick<DeliveryProps, 'handover'> {
  name: string;
  database: string;
  store: string;
  /** How new rows are found: by a time or number that grows, by a status column, or by procedures. */
  mode: 'watermark' | 'claim' | 'procedure';
  /** Table or view. */
  source: string;
  /** Columns, by comma; so are all lists. */
  keys: string;
  /** SQL, without WHERE. */
  condition: string;
  /** What becomes one message: a row, all rows of a key, or a row with those of a detail table. */
  shape: 'one' | 'many' | 'detail';
  detailSource: string;
  detailKeys: string;
  detailOrder: string;
  /** Property of the message that holds the details. */
  detailProperty: string;
  /** Seconds. */
  interval: string;
  /** Rows of one statement. */
  page: string;
  /** Messages that the flow has not taken over. */
  inFlight: string;
  /** How often a message is sent on that no node takes over; 0: for ever. */
  parkAfter: string;

  watermark: string;
  watermarkKind: 'datetime' | 'datetime2' | 'text' | 'compact' | 'number';
  /** Minutes; of a number, that many. */
  overlap: string;
  /** `now`, `all`, or a time or number. */
  start: string;
  /** Days that are read again; of a number, that many. 0: never. */
  rescanBack: string;
  /** Hours between that. */
  rescanEvery: string;

  statusColumn: string;
  ownerColumn: string;
  leaseColumn: string;
  attemptsColumn: string;
  messageColumn: string;
  versionColumn: string;
  order: string;
  valueNew: string;
  valueClaimed: string;
  valueDone: string;
  valueRejected: string;
  /** Seconds. */
  lease: string;
  ackMoment: 'stored' | 'outcome';

  fetchProcedure: string;
  ackProcedure: string;
}
