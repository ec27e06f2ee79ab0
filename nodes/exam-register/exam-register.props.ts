export interface ExamRegisterProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message: report objects or rows. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}
