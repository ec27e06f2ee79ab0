export interface ReceiveProps {
  name: string;
  store: string;
  /** Id of a dicom-station node. */
  station: string;
  /** Seconds without a new object after which a study counts as complete. */
  quietTime: string;
  /** The end of the association completes its studies at once. */
  onRelease: boolean;
  handover: 'auto' | 'sent' | 'taken';
}
