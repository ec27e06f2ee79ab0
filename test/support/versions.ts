import { pdf } from './report-files';

const MIB = 1024 * 1024;
const PADDING = 'x'.repeat(MIB);

/** A PDF of 2 MiB that is filled with its version from end to end. */
export const versionOf = (version: number): Buffer => {
  const mark = `v${String(version).padStart(7, '0')}`;
  return pdf({ text: mark.repeat((2 * PADDING.length) / mark.length) });
};

/** The version that fills the whole file; undefined when it holds parts of several, or is no whole file. */
export function wholeVersion(file: Buffer): number | undefined {
  const version = Number(/^%PDF-1\.7\n%v(\d{7})/.exec(file.toString('latin1', 0, 40))?.[1]);
  return file.equals(versionOf(version)) ? version : undefined;
}
