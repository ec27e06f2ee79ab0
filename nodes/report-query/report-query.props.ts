export interface ReportQueryProps {
  name: string;
  profile: string;
  /** The service, or `msg`: msg.service names it. */
  service: 'GetLabInfo' | 'GetExamInfo' | 'msg';
  /** Where the card number, ID number and times stand in the message. */
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** Which argument takes the card number: strIDNO as documented, strSSID, or whichever finds something (A-49a). */
  idArguments: 'documented' | 'swapped' | 'auto';
  /** Send the last three months in full instead of leaving them to the platform (A-49c). */
  fillRange: boolean;
  /** One message with all reports, or one message a report as a sequence (msg.parts). */
  output: 'array' | 'sequence';
}
