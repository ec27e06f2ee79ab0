/** Images of the synthetic hospital's exams, as its PACS would hold them: the same exam gives the same bytes anywhere. */
import { createHash } from 'node:crypto';
import type { SqlRow } from '../../sqlite';
import { type DicomElement, part10 } from './part10';
import { SeededRandom } from './synthetic-values';

/** One study of an exam. The texts are those of the RIS. */
export interface ImagedStudy {
  readonly studyInstanceUid: string;
  /** The imaging system's own id when it has one, else the hospital's (A-52). */
  readonly patientId: string;
  /** PACS_ID of the exam's report. */
  readonly accessionNumber: string;
  readonly name: string;
  /** `1` male, `2` female. */
  readonly sexCode: string;
  /** `yyyy-MM-dd` */
  readonly birthDate: string;
  /** `yyyy-MM-dd HH:mm:ss` */
  readonly performedAt: string;
  readonly modality: string;
  readonly description: string;
}

export interface SyntheticImage {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  /** A Part 10 file. */
  readonly file: Buffer;
}

const SIDE = 64;
const BITS = 12;
const SLICES = 3;

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const SOP_CLASSES: Readonly<Record<string, string>> = {
  CT: '1.2.840.10008.5.1.4.1.1.2',
  MR: '1.2.840.10008.5.1.4.1.1.4',
};

/** The studies of rows as `SyntheticHospital.examReports` gives them; an exam has none to several. */
export function imagedStudies(rows: readonly SqlRow[]): ImagedStudy[] {
  return rows.flatMap(row => {
    const text = (column: string): string => String(row[column] ?? '');
    const uids = text('study_instance_uid').split(',').filter(Boolean);
    return uids.map(studyInstanceUid => ({
      studyInstanceUid,
      patientId: text('patient_local_id') || text('patient_id'),
      accessionNumber: text('pacs_id'),
      name: text('name'),
      sexCode: text('sex_code'),
      birthDate: text('birth_date'),
      performedAt: text('performer_dtime'),
      modality: text('class_code'),
      description: text('exam_item_name'),
    }));
  });
}

/** Two series: a few slices, and one with a secondary capture, as a film is one. */
export function syntheticImages(study: ImagedStudy): SyntheticImage[] {
  const sopClass = SOP_CLASSES[study.modality] ?? SECONDARY_CAPTURE;
  const slices = Array.from({ length: SLICES }, (_, at) => image(study, sopClass, 1, at + 1));
  return [...slices, image(study, SECONDARY_CAPTURE, 2, 1)];
}

function image(study: ImagedStudy, sopClass: string, series: number, number: number): SyntheticImage {
  const seriesInstanceUid = derivedUid(study.studyInstanceUid, series);
  const sopInstanceUid = derivedUid(study.studyInstanceUid, series, number);
  const ids = { seriesInstanceUid, sopInstanceUid };
  const file = part10([
    ...elementsOf(study),
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', sopInstanceUid],
    [0x0020000e, 'UI', seriesInstanceUid],
    [0x00200011, 'IS', String(series)],
    [0x00200013, 'IS', String(number)],
    ...(sopClass === SECONDARY_CAPTURE ? captured() : sliced(study, number)),
    ...pixels(sopInstanceUid),
  ]);
  return { studyInstanceUid: study.studyInstanceUid, ...ids, file };
}

function elementsOf(study: ImagedStudy): DicomElement[] {
  const [date = '', time = ''] = study.performedAt.split(' ').map(part => part.replace(/\D/g, ''));
  return [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080020, 'DA', date],
    [0x00080021, 'DA', date],
    [0x00080030, 'TM', time],
    [0x00080031, 'TM', time],
    [0x00080050, 'SH', study.accessionNumber],
    [0x00080060, 'CS', study.modality],
    [0x00080070, 'LO', 'TEST'],
    [0x00080080, 'LO', '测试医院'],
    [0x00080090, 'PN', ''],
    [0x00081030, 'LO', study.description],
    [0x00100010, 'PN', study.name],
    [0x00100020, 'LO', study.patientId],
    [0x00100030, 'DA', study.birthDate.replaceAll('-', '')],
    [0x00100040, 'CS', study.sexCode === '1' ? 'M' : 'F'],
    [0x0020000d, 'UI', study.studyInstanceUid],
    [0x00200010, 'SH', study.accessionNumber],
  ];
}

/** What makes a film or a screen of it. */
const captured = (): DicomElement[] => [
  [0x00080008, 'CS', 'DERIVED\\SECONDARY'],
  [0x00080064, 'CS', 'WSD'],
];

function sliced({ modality, studyInstanceUid }: ImagedStudy, number: number): DicomElement[] {
  const common: DicomElement[] = [
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00180050, 'DS', '5'],
    [0x00200032, 'DS', `-160\\-160\\${number * 5}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', derivedUid(studyInstanceUid, 'frame')],
    [0x00201040, 'LO', ''],
    [0x00280030, 'DS', '5\\5'],
  ];
  const own: DicomElement[] =
    modality === 'CT'
      ? [
          [0x00180060, 'DS', '120'],
          [0x00281052, 'DS', '-1024'],
          [0x00281053, 'DS', '1'],
        ]
      : [
          [0x00180020, 'CS', 'SE'],
          [0x00180021, 'CS', 'NONE'],
          [0x00180022, 'CS', ''],
          [0x00180023, 'CS', '2D'],
        ];
  return [...common, ...own];
}

/** A disc on noise. */
function pixels(seed: string): DicomElement[] {
  const random = new SeededRandom(createHash('sha256').update(seed).digest().readUInt32LE());
  const values = Buffer.alloc(SIDE * SIDE * 2);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const [x, y] = [(at % SIDE) - SIDE / 2, Math.floor(at / SIDE) - SIDE / 2];
    const inside = x * x + y * y < (SIDE / 3) ** 2;
    values.writeUInt16LE((inside ? 1024 : 64) + random.integer(0, 63), at * 2);
  }
  return [
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', SIDE],
    [0x00280011, 'US', SIDE],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', BITS],
    [0x00280102, 'US', BITS - 1],
    [0x00280103, 'US', 0],
    [0x7fe00010, 'OW', values],
  ];
}

/** A UID that belongs to nobody, from what it is derived from (PS3.5 B.2). */
function derivedUid(...from: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(from.join('/')).digest('hex');
  return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`;
}
