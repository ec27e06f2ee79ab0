import type { MappingProps } from '../shared/mapping.props';

export interface ExamRegisterProps extends MappingProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message: report objects or rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}
