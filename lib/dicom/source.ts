/** Objects on disk or in memory, as the senders take them and the receivers make them. */

/** What identifies an object and its place, read from its first elements. Texts are as in the file, trimmed. */
export interface ObjectIdentity {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly patientId: string;
  readonly accessionNumber: string;
  /** (0008,0060). */
  readonly modality: string;
}

/** An object to be sent: the data set is read from `offset` to the end of the file, or of the bytes. */
export interface ObjectSource extends ObjectIdentity {
  /** Path of a Part 10 file, or its bytes. */
  readonly data: string | Buffer;
  /** Where the data set begins: after preamble and file meta information. */
  readonly offset: number;
  /** Length of the data set in bytes. */
  readonly length: number;
}

/** An object that lies on disk. */
export interface StoredObject extends ObjectIdentity {
  readonly file: string;
}

/** A study on disk, as the nodes hand it to each other: images are never in the message. */
export interface StudyOnDisk {
  readonly studyInstanceUid: string;
  readonly patientId: string;
  readonly accessionNumber: string;
  readonly folder: string;
  readonly files: readonly { readonly file: string; readonly sopInstanceUid: string }[];
}
