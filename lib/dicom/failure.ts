/** What can go wrong with DICOM data. No path and no value stands in an error: both may name a patient. */
import { ExchangeError, type Text } from '../errors';
import { fileError, systemCode } from '../report-file/failure';

/** Bytes that are no data set of their transfer syntax. */
export const malformed = (text: Text): ExchangeError =>
  new ExchangeError({
    code: 'MALFORMED',
    retry: 'never',
    text: { zh: `DICOM 数据不正确：${text.zh}`, en: `malformed DICOM data: ${text.en}` },
  });

/** Why a file is no object that can be sent; for programs. */
export type FileFault =
  'missing' | 'not-part-10' | 'truncated' | 'malformed' | 'uid' | 'meta-differs' | 'syntax' | 'name-taken';

export const dicomFileError = (reason: FileFault, text: Text): ExchangeError =>
  new ExchangeError({ code: 'DICOM_FILE', retry: 'never', text, details: { reason } });

/** An error while a file is read, told as one of the file: of its bytes, or of the file system. */
export function readFailure(error: unknown): Error {
  if (error instanceof ExchangeError) {
    return error.code === 'MALFORMED' ? dicomFileError('malformed', error.text) : error;
  }
  if (systemCode(error) === 'ENOENT') {
    return dicomFileError('missing', { zh: '影像文件不存在', en: 'the DICOM file does not exist' });
  }
  return fileError(error, { zh: '影像文件', en: 'the DICOM file' });
}

/** Text that the character set of the peer has no codes for. */
export const unwritable = (characterSet: string): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `字段值中有字符集“${characterSet || '默认'}”不能表示的字符，请改用 GB18030 或 ISO_IR 192`,
      en: `a value has a character that character set "${characterSet || 'default'}" lacks: use GB18030 or ISO_IR 192`,
    },
    details: { characterSet },
  });
