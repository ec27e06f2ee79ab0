/** GBK bytes, for tests and simulators. What GBK lacks is written in the 4 bytes of GB18030. */
export { encodeGb18030 as encodeGbk } from '../../lib/dicom/gb-encoder';
