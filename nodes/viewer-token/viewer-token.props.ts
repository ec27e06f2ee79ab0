/** One parameter of the page, from a fixed value, the message or the environment. */
export interface ViewerParameterRow {
  name: string;
  value: string;
  type: 'str' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';
}

export interface ViewerTokenProps {
  name: string;
  profile: string;
  page: 'ClinicExamView' | 'ClinicExamList' | 'RelatedExamList' | 'ClinicExam';
  parameters: ViewerParameterRow[];
  /** Send the Timestamp on this page. */
  sendTimestamp: boolean;
}

export interface ViewerTokenCredentials {
  /** UserPwd of ClinicExamList: the agreement calls it a name, its example looks like a password. */
  userPwd: string;
}
