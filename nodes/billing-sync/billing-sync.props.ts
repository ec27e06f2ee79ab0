import type { DeliveryProps } from '../shared/delivery.props';
import type { MappingProps } from '../shared/mapping.props';

export interface BillingSyncProps extends MappingProps, DeliveryProps {
  name: string;
  profile: string;
  /** The service, or `msg`: msg.service names it. */
  service: 'UpdateBillingInfo' | 'SyncAppointData' | 'msg';
  /** Where the records stand in the message: an object, an array, or rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** Most items in one call; more are sent in several. */
  maxItems: string;
  /** SyncAppointData: numbers of the statuses that are told, by comma (A-29a). */
  statuses: string;
  /** UpdateBillingInfo: days before today, where the record names no dates. */
  rangeDays: string;
  /** UpdateBillingInfo: seconds in which notifications of one patient become one call; 0: none. */
  debounce: string;
}
