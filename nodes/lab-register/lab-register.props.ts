import type { MappingProps } from '../shared/mapping.props';

export interface LabRegisterProps extends MappingProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message: report objects or flat rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}
