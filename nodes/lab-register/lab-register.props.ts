export interface LabRegisterProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message: report objects or flat rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}
