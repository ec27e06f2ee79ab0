/** Entry of the thread that decompresses images with the codecs of dcmjs-dimse. */
import { parentPort } from 'node:worker_threads';
import { Dataset, log, Transcoding } from 'dcmjs-dimse';
import { checkFrame } from './codestream';
import { type DecodedFrame, type PixelFormat, uncompressed } from './compressed-image';
import { type DecompressAnswer, type DecompressRequest, reasonOf } from './decompress';
import { EXPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax';

const JPEG_LOSSLESS_SV1 = '1.2.840.10008.1.2.4.70';

/** The library has one decoder for all of JPEG, but does not know these syntaxes: extended, and any lossless. */
const JPEG_BY_ANOTHER_NAME = new Set(['1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.57']);

/** The library sees nothing of the object but one frame: it would decode and encode all texts anew. */
function decodeFrame(transferSyntaxUid: string, frame: Buffer, format: PixelFormat): DecodedFrame {
  checkFrame(frame, format, transferSyntaxUid);
  const image = new Dataset(
    {
      Rows: format.rows,
      Columns: format.columns,
      SamplesPerPixel: format.samplesPerPixel,
      PhotometricInterpretation: format.photometricInterpretation,
      PlanarConfiguration: format.planarConfiguration,
      BitsAllocated: format.bitsAllocated,
      BitsStored: format.bitsStored,
      HighBit: format.highBit,
      PixelRepresentation: format.pixelRepresentation,
      NumberOfFrames: 1,
      PixelData: [new Uint8Array(frame).buffer],
    },
    JPEG_BY_ANOTHER_NAME.has(transferSyntaxUid) ? JPEG_LOSSLESS_SV1 : transferSyntaxUid,
  );
  const decoded = Transcoding.transcodeDataset(image, EXPLICIT_VR_LITTLE_ENDIAN).getElements();
  const [pixels] = decoded['PixelData'] as [ArrayBuffer];
  return {
    pixels: Buffer.from(pixels),
    photometricInterpretation: String(decoded['PhotometricInterpretation']),
    planarConfiguration: Number(decoded['PlanarConfiguration'] ?? 0),
  };
}

function answer({ id, dataSet, transferSyntaxUid }: DecompressRequest): DecompressAnswer {
  try {
    const result = uncompressed(Buffer.from(dataSet), (frame, format) =>
      decodeFrame(transferSyntaxUid, frame, format),
    );
    return { id, dataSet: new Uint8Array(result) };
  } catch (error) {
    return { id, wrong: reasonOf(error) };
  }
}

log.disableAll();
const ready = Transcoding.initializeAsync();
parentPort?.on('message', (request: DecompressRequest) => {
  void ready.then(
    () => parentPort?.postMessage(answer(request)),
    (error: unknown) => parentPort?.postMessage({ id: request.id, wrong: reasonOf(error) }),
  );
});
