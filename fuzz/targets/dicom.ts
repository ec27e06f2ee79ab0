/** DICOM: PDUs, commands, data sets, files and compressed frames, as bytes. */
import { isDeepStrictEqual } from 'node:util';
import zlib from 'node:zlib';
import { decodeText } from '../../lib/dicom/character-set';
import { checkFrame } from '../../lib/dicom/codestream';
import { uncompressed } from '../../lib/dicom/compressed-image';
import { decodeCommand } from '../../lib/dicom/command-set';
import { decodeDataSet, encodeDataSet } from '../../lib/dicom/data-set';
import { efilm } from '../../lib/dicom/efilm';
import { ElementReader } from '../../lib/dicom/element-reader';
import { IdentityReader, readObject } from '../../lib/dicom/part10';
import { decodeAssociateAccept, decodeAssociateRequest, decodeReject } from '../../lib/dicom/pdu';
import { PduReader } from '../../lib/dicom/pdu-reader';
import type { ObjectIdentity } from '../../lib/dicom/source';
import { transferSyntaxOf } from '../../lib/dicom/transfer-syntax';
import type { Chance } from '../../test/support/chance';
import {
  CT_IMAGE,
  SYNTAX,
  UID_ROOT,
  element,
  fileOf,
  fragments,
  imageElements,
  imageFile,
  writeDataSet,
  writingOf,
} from '../../test/support/dicom-files';
import {
  ECHO_RQ,
  LAST,
  STORE_RQ,
  accept,
  command,
  commandData,
  data,
  request,
} from '../../test/support/dicom-peer';
import { damaged, pick } from '../mutate';
import { Finding, PATIENT, type Target } from '../target';

/** Bytes that mean something: lengths, delimiters, VRs, escape sequences, padding. */
export const TELLING = [
  'ffffffff', 'feff00e0', 'feff00e0ffffffff', 'feff0de0', 'feffdde0', 'feffdde000000000', '5351', '554e0000ffffffff',
  '4f420000ffffffff', '00000000', '1b2429', '08006000', '20', '2020202020202020', '00', '5c', '3d', '5e', '7fffffff',
  'ffd8', 'ffd9', 'ffda', 'ff4fff51', '0001', '10000000',
].map(hex => Buffer.from(hex, 'hex')); // prettier-ignore

const PATIENT_ELEMENTS = {
  0x00100010: element(0x00100010, 'PN', Buffer.from(`${PATIENT.name} `)),
  0x00100020: element(0x00100020, 'LO', `${PATIENT.card} `),
};
const syntaxes = [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian].map(writingOf);
const files = Object.values(SYNTAX).map(syntax => imageFile(syntax));

/** Damage before it is deflated, so that it is not found by inflating alone. */
const damagedFile = (chance: Chance): Buffer =>
  chance.in(0.1)
    ? fileOf(
        zlib.deflateRawSync(
          damaged(chance, writeDataSet(imageElements(PATIENT_ELEMENTS), writingOf(SYNTAX.deflated)), TELLING),
        ),
        { syntax: SYNTAX.deflated },
      )
    : damaged(chance, pick(chance, files), TELLING);

export const fileTarget: Target = {
  name: 'dicom-file',
  usualCount: 100_000,
  input: damagedFile,
  async run(input, tried) {
    await tried('readObject', async () => {
      const { data: _data, offset, length: _length, ...identity } = await readObject(input);
      const inPieces = identityInPieces(
        identity.transferSyntaxUid,
        input.subarray(offset),
        1 + (input.length % 99),
      );
      if (inPieces && !isDeepStrictEqual(inPieces, identity)) throw new Finding('another identity in pieces');
    });
    if (input[0] !== 0 || input.length % 4 !== 0) return;
    await tried('efilm', async () => {
      const source = await readObject(input);
      const film = await efilm(source, { newUids: input.length % 8 === 0 });
      let length = 0;
      for await (const piece of film.stream(piecesOf(input.subarray(source.offset)))) length += piece.length;
      if (film.length !== null && length !== film.length) throw new Finding('another length than announced');
    });
  },
};

/** Of a data set that can be read whole; undefined of a deflated one, which is read only so. */
function identityInPieces(
  transferSyntaxUid: string,
  dataSet: Buffer,
  length: number,
): ObjectIdentity | undefined {
  if (transferSyntaxOf(transferSyntaxUid).deflated) return undefined;
  try {
    const reader = new IdentityReader(transferSyntaxUid);
    for (let at = 0; at < dataSet.length; at += length) reader.feed(dataSet.subarray(at, at + length));
    return reader.end();
  } catch {
    throw new Finding('what is readable whole is not so in pieces');
  }
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

const values = {
  SpecificCharacterSet: 'GB18030',
  PatientName: `Ceshi^Jia=${PATIENT.name}`,
  PatientID: PATIENT.card,
  Rows: '512',
  ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '2.25.1' }, { PatientID: '测' }],
};
const SETS = [
  '',
  'GB18030',
  'ISO_IR 192',
  '\\ISO 2022 IR 58',
  'ISO 2022 IR 13\\ISO 2022 IR 87',
  'ISO_IR 100',
  '??',
];
const TEXT = Buffer.from('Ceshi^Jia=\x1b$)A\xb2\xe2\xca\xd4^\x1b$B;3ED\x1b(B=\xff\\x', 'latin1');

/** The first byte tells which encoding it is read with. */
export const dataSetTarget: Target = {
  name: 'dicom-data-set',
  usualCount: 100_000,
  input(chance) {
    const which = chance.between(0, syntaxes.length - 1);
    const encoding = syntaxes[which]!;
    const whole = chance.in(0.5)
      ? encodeDataSet(values, encoding, '')
      : writeDataSet(imageElements(PATIENT_ELEMENTS), encoding);
    return Buffer.concat([
      Buffer.of(which),
      chance.in(0.1) ? damaged(chance, TEXT, TELLING) : damaged(chance, whole, TELLING),
    ]);
  },
  async run(input, tried) {
    const encoding = syntaxes[input[0]! % syntaxes.length]!;
    const bytes = input.subarray(1);
    await tried('decodeDataSet', () => decodeDataSet(bytes, encoding));
    await tried('ElementReader', () => {
      const reader = new ElementReader(encoding, { length: bytes.length, wants: tag => tag % 3 === 0 });
      for (let at = 0; at < bytes.length; at += 37)
        for (const _one of reader.feed(bytes.subarray(at, at + 37)));
      reader.end();
    });
    await tried('decodeText', () => decodeText(bytes, SETS[bytes.length % SETS.length]!));
  },
};

const asked = {
  called: 'STATION',
  calling: 'SENDER',
  maxPdu: 16_384,
  contexts: [
    { id: 1, abstractSyntax: CT_IMAGE, transferSyntaxes: [SYNTAX.explicit] },
    { id: 3, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [SYNTAX.implicit] },
  ],
};
const object = writeDataSet(imageElements(PATIENT_ELEMENTS), writingOf(SYNTAX.explicit));
const store = {
  0x0002: CT_IMAGE, 0x0100: STORE_RQ, 0x0110: 7, 0x0700: 0, 0x0800: 0, 0x1000: `${UID_ROOT}.3`,
}; // prettier-ignore
const echo = { 0x0002: '1.2.840.10008.1.1', 0x0100: ECHO_RQ, 0x0110: 1, 0x0800: 0x0101 };
const release = Buffer.from('05000000000400000000', 'hex');

/** What a caller sends over one connection, message by message. */
export const conversation = (chance: Chance): Buffer => {
  const parts = [request(asked)];
  for (let messages = chance.between(1, 3); messages > 0; messages--) {
    if (chance.in(0.5)) parts.push(commandData(1, store), data(1, LAST, object));
    else parts.push(commandData(3, echo));
  }
  parts.push(release);
  const which = chance.between(0, parts.length - 1);
  if (chance.in(0.9)) parts[which] = damaged(chance, parts[which]!, TELLING);
  return Buffer.concat(parts);
};

export const pduTarget: Target = {
  name: 'dicom-pdu',
  usualCount: 100_000,
  documented: ['ProtocolViolation'],
  input: chance => {
    if (chance.in(0.5)) return conversation(chance);
    const one = pick(chance, [request(asked), accept(asked), command(store), command(echo)]);
    const long = Buffer.concat([
      one,
      Buffer.alloc(chance.in(0.01) ? 60_000 : 10, pick(chance, [0x20, 0, 1])),
    ]);
    return damaged(chance, long, TELLING);
  },
  async run(input, tried) {
    const body = input.subarray(6);
    await tried('PduReader', () => {
      const handler = { onPdu: () => undefined, onData: () => undefined };
      for (const step of [7, input.length]) {
        const reader = new PduReader(handler, 131_072);
        for (let at = 0; at < input.length; at += step) reader.push(input.subarray(at, at + step));
      }
    });
    await tried('decodeAssociateRequest', () => decodeAssociateRequest(body));
    await tried('decodeAssociateAccept', () => decodeAssociateAccept(body));
    await tried('decodeReject', () => decodeReject(body));
    await tried('decodeCommand', () => decodeCommand(input));
    await tried('decodeCommand of a body', () => decodeCommand(body));
  },
};

const FORMAT = {
  rows: 4,
  columns: 4,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  pixelRepresentation: 0,
};
const frames = [
  'ffd8ffc0000b080004000401011100ffda0008010100003f00aabbccddffd9',
  'ff4fff510029000000000004000000040000000000000000000000040000000400000000000000000001070101ff52ffd9',
  `0100000040000000${'00'.repeat(56)}f0070000`,
].map(hex => Buffer.from(hex, 'hex'));

const compressed = writeDataSet(
  imageElements({
    ...PATIENT_ELEMENTS,
    0x00280002: element(0x00280002, 'US', Buffer.of(1, 0)),
    0x00280004: element(0x00280004, 'CS', 'MONOCHROME2'),
    0x00280008: element(0x00280008, 'IS', '1'),
    0x00280100: element(0x00280100, 'US', Buffer.of(8, 0)),
    0x7fe00010: fragments(frames[0]!),
  }),
  writingOf(SYNTAX.explicit),
);

export const frameTarget: Target = {
  name: 'dicom-frame',
  usualCount: 100_000,
  input: chance =>
    chance.in(0.5) ? damaged(chance, compressed, TELLING) : damaged(chance, pick(chance, frames), TELLING),
  async run(input, tried) {
    for (const syntax of ['1.2.840.10008.1.2.5', '1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.90'])
      await tried('checkFrame', () => checkFrame(input, FORMAT, syntax));
    await tried('uncompressed', () =>
      uncompressed(input, () => ({
        pixels: Buffer.alloc(16),
        photometricInterpretation: 'MONOCHROME2',
        planarConfiguration: 0,
      })),
    );
  },
};
