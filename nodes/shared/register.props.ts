import type { DeliveryProps } from './delivery.props';
import type { MappingProps } from './mapping.props';

/** What lab-register and exam-register have. */
export interface RegisterProps extends MappingProps, DeliveryProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message: report objects or rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}
