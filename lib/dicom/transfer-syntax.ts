/** Transfer syntaxes: how the bytes of a data set are written (PS3.5 10 and Annex A, UIDs in PS3.6 A). */
import type { Encoding } from './element-reader';

export interface TransferSyntax extends Encoding {
  readonly uid: string;
  readonly name: string;
  /** The whole data set is compressed by deflate (PS3.5 A.5). */
  readonly deflated: boolean;
  /** Pixel data is compressed, in fragments (PS3.5 A.4). */
  readonly encapsulated: boolean;
}

export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_VR_BIG_ENDIAN = '1.2.840.10008.1.2.2';

type Properties = Omit<TransferSyntax, 'uid' | 'name'>;

const IMPLICIT: Properties = { explicitVr: false, littleEndian: true, deflated: false, encapsulated: false };
const EXPLICIT: Properties = { ...IMPLICIT, explicitVr: true };
const DEFLATED: Properties = { ...EXPLICIT, deflated: true };
const BIG_ENDIAN: Properties = { ...EXPLICIT, littleEndian: false };
const ENCAPSULATED: Properties = { ...EXPLICIT, encapsulated: true };

/** What follows 1.2.840.10008.1.2 in the UIDs of the standard. */
const STANDARD: readonly (readonly [suffix: string, name: string, properties: Properties])[] = [
  ['', 'Implicit VR Little Endian', IMPLICIT],
  ['.1', 'Explicit VR Little Endian', EXPLICIT],
  ['.1.98', 'Encapsulated Uncompressed Explicit VR Little Endian', ENCAPSULATED],
  ['.1.99', 'Deflated Explicit VR Little Endian', DEFLATED],
  ['.2', 'Explicit VR Big Endian', BIG_ENDIAN],
  ['.4.50', 'JPEG Baseline (Process 1)', ENCAPSULATED],
  ['.4.51', 'JPEG Extended (Process 2 & 4)', ENCAPSULATED],
  ['.4.57', 'JPEG Lossless (Process 14)', ENCAPSULATED],
  ['.4.70', 'JPEG Lossless SV1', ENCAPSULATED],
  ['.4.80', 'JPEG-LS Lossless', ENCAPSULATED],
  ['.4.81', 'JPEG-LS Near-Lossless', ENCAPSULATED],
  ['.4.90', 'JPEG 2000 Lossless', ENCAPSULATED],
  ['.4.91', 'JPEG 2000', ENCAPSULATED],
  ['.4.92', 'JPEG 2000 Part 2 Multi-component Lossless', ENCAPSULATED],
  ['.4.93', 'JPEG 2000 Part 2 Multi-component', ENCAPSULATED],
  ['.4.94', 'JPIP Referenced', EXPLICIT],
  ['.4.95', 'JPIP Referenced Deflate', DEFLATED],
  ['.4.100', 'MPEG2 Main Profile / Main Level', ENCAPSULATED],
  ['.4.100.1', 'Fragmentable MPEG2 Main Profile / Main Level', ENCAPSULATED],
  ['.4.101', 'MPEG2 Main Profile / High Level', ENCAPSULATED],
  ['.4.101.1', 'Fragmentable MPEG2 Main Profile / High Level', ENCAPSULATED],
  ['.4.102', 'MPEG-4 AVC/H.264 High Profile / Level 4.1', ENCAPSULATED],
  ['.4.102.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1', ENCAPSULATED],
  ['.4.103', 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', ENCAPSULATED],
  ['.4.103.1', 'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', ENCAPSULATED],
  ['.4.104', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', ENCAPSULATED],
  ['.4.104.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', ENCAPSULATED],
  ['.4.105', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', ENCAPSULATED],
  ['.4.105.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', ENCAPSULATED],
  ['.4.106', 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', ENCAPSULATED],
  ['.4.106.1', 'Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', ENCAPSULATED],
  ['.4.107', 'HEVC/H.265 Main Profile / Level 5.1', ENCAPSULATED],
  ['.4.108', 'HEVC/H.265 Main 10 Profile / Level 5.1', ENCAPSULATED],
  ['.4.110', 'JPEG XL Lossless', ENCAPSULATED],
  ['.4.111', 'JPEG XL JPEG Recompression', ENCAPSULATED],
  ['.4.112', 'JPEG XL', ENCAPSULATED],
  ['.4.201', 'High-Throughput JPEG 2000 Lossless', ENCAPSULATED],
  ['.4.202', 'High-Throughput JPEG 2000 with RPCL Options Lossless', ENCAPSULATED],
  ['.4.203', 'High-Throughput JPEG 2000', ENCAPSULATED],
  ['.4.204', 'JPIP HTJ2K Referenced', EXPLICIT],
  ['.4.205', 'JPIP HTJ2K Referenced Deflate', DEFLATED],
  ['.5', 'RLE Lossless', ENCAPSULATED],
  ['.8.1', 'Deflated Image Frame Compression', ENCAPSULATED],
];

/** A syntax of GE of old: implicit little endian whose pixels alone are big endian. */
const PRIVATE_GE = '1.2.840.113619.5.2';

/** All known transfer syntaxes by UID. */
export const TRANSFER_SYNTAXES: ReadonlyMap<string, TransferSyntax> = new Map(
  [
    ...STANDARD.map(([suffix, name, properties]) => ({
      uid: `${IMPLICIT_VR_LITTLE_ENDIAN}${suffix}`,
      name,
      ...properties,
    })),
    { uid: PRIVATE_GE, name: 'GE Private Implicit VR Little Endian, Pixels Big Endian', ...IMPLICIT },
  ].map(syntax => [syntax.uid, syntax]),
);

/**
 * The transfer syntax of a UID. An unknown one is taken for explicit little endian with encapsulated pixel data, as
 * every syntax is that the standard has added since 1993 (PS3.5 A.4).
 */
export const transferSyntaxOf = (uid: string): TransferSyntax =>
  TRANSFER_SYNTAXES.get(uid) ?? { uid, name: uid, ...ENCAPSULATED };
