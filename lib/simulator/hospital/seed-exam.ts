/** Exams of the synthetic RIS, in every state from registered to amended. */
import { EXAM_KINDS } from './exam-data';
import * as data from './seed-data';
import { type Source, insert, time } from './source';
import { addDays } from './synthetic-values';

/** The RIS's own words, in the order in which an exam goes through them. */
export const EXAM_STATES = ['已登记', '已检查', '已书写', '已审核', '已修订'] as const;

const [EXAMINED, WRITTEN, REVIEWED, AMENDED] = [1, 2, 3, 4] as const;

/** Hour at which an exam comes into each state. */
const HOURS = [8, 9, 10, 11, 15] as const;

/** Accession numbers have 16 characters, as many as DICOM allows, and begin with zeros. */
export function seedExam({ database, random, today }: Source, patient: string, at: number): void {
  const state = at % EXAM_STATES.length;
  // Shifted in every round, so that each kind comes in each state.
  const kind = EXAM_KINDS[(at + Math.floor(at / EXAM_STATES.length)) % EXAM_KINDS.length] ?? EXAM_KINDS[0];
  const [doctor, doctorName] = random.pick(data.DOCTORS);
  const [, department] = random.pick(data.ORDERING_DEPARTMENTS);
  const day = addDays(today, -1);
  const digits = day.replaceAll('-', '');
  const sequence = String(at + 1).padStart(4, '0');
  const accession = `0000${digits}${sequence}`;
  const clock = (hour: number): string => `${day} ${time(hour, String(at % 60).padStart(2, '0'))}:07`;
  const since = (reached: number, value: string): string => (state >= reached ? value : '');
  insert(database, 'RIS_JC', {
    JCH: accession,
    BGDH: at % 5 === 3 ? `00000000000000${sequence}` : `${digits}80080${sequence}`,
    BRID: patient,
    YXH: `00${patient.replace(/\D/g, '')}`,
    SQDH: `000B${sequence}`,
    XMDM: kind.item,
    JCLX: kind.modality,
    JCBW: kind.bodyPart,
    JCZT: EXAM_STATES[state] ?? '',
    SBMC: kind.device,
    KDKS: department,
    KDYS: doctor,
    YSXM: doctorName,
    LCZD: '测试诊断，待查',
    BQMS: at % 3 === 0 ? data.AWKWARD_TEXT : '',
    JCMD: kind.purpose,
    KDSJ: clock(7),
    DJSJ: clock(HOURS[0]),
    JCSJ: since(EXAMINED, clock(HOURS[1])),
    BGSJ: since(WRITTEN, clock(HOURS[2])),
    BGGH: since(WRITTEN, '00011'),
    BGXM: since(WRITTEN, '影像乙'),
    SHSJ: since(REVIEWED, clock(HOURS[3])),
    SHGH: since(REVIEWED, '00012'),
    SHXM: since(REVIEWED, '影像𠮷'),
    XGSJ: clock(HOURS[state] ?? HOURS[0]),
    YXSJ: since(WRITTEN, random.pick(kind.findings)),
    YXZD: since(WRITTEN, kind.conclusion) + since(AMENDED, '\n修订：补充测量值 ＜０.５ｃｍ'),
    YCBZ: since(WRITTEN, at % 2 === 0 ? '1' : '0'),
  });
  const studies = state >= EXAMINED ? kind.studies : 0;
  for (let study = 1; study <= studies; study++) {
    insert(database, 'RIS_JCYX', {
      JCH: accession,
      XH: String(study),
      YXID: `1.2.3.4.5.6.7.8.${digits}.${at + 1}.${study}`,
    });
  }
}
