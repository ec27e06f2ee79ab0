// Images of a size: synthetic, each folder made once.
import fs from 'node:fs';
import path from 'node:path';

/** The study that all of them are of, but later ones. */
export const STUDY = '2.25.97';
export const LATER_STUDY = '2.25.96';

/** A CT series with objects of 512 x 512 pixels of 16 bits; of the study, or of a later one. */
export function series(folder, count, study = STUDY) {
  const pixels = Buffer.alloc(512 * 512 * 2);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 31) & 0xff;
  return filesOf(path.join(folder, `series-${study}`), count, '1.2.840.10008.5.1.4.1.1.2', pixels, study);
}

export function multiFrame(folder) {
  return filesOf(path.join(folder, 'frames'), 1, '1.2.840.10008.5.1.4.1.1.2.1', Buffer.alloc(210_000_000, 7));
}

function filesOf(target, count, sopClass, pixels, study = STUDY) {
  let bytes = 0;
  if (!fs.existsSync(target)) {
    fs.mkdirSync(target);
    for (let at = 0; at < count; at++)
      fs.writeFileSync(
        path.join(target, `${at}.dcm`),
        part10(sopClass, study, `${study}.99.${at + 1}`, pixels),
      );
  }
  for (const file of fs.readdirSync(target)) bytes += fs.statSync(path.join(target, file)).size;
  return { path: target, bytes };
}

function part10(sopClass, study, sop, pixels) {
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 0x0002, 'UI', sopClass),
    element(0x0002, 0x0003, 'UI', sop),
    element(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
    element(0x0002, 0x0012, 'UI', '2.25.1'),
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', Buffer.from(Uint32Array.of(meta.length).buffer)),
    meta,
    element(0x0008, 0x0016, 'UI', sopClass),
    element(0x0008, 0x0018, 'UI', sop),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0010, 'PN', 'Ceshi^Jia'),
    element(0x0010, 0x0020, 'LO', 'P0001'),
    element(0x0020, 0x000d, 'UI', study),
    element(0x0020, 0x000e, 'UI', `${study}.98`),
    element(0x7fe0, 0x0010, 'OW', pixels),
  ]);
}

function element(group, number, vr, value) {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '), 'latin1');
  const isLong = vr.startsWith('O');
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(group);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4);
  if (isLong) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}
