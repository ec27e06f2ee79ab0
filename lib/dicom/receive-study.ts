/** A received study on its way into the flow. */
import type { Delivered, Work } from '../delivery/channel';
import type { Item } from '../delivery/hand-in';
import type { StudyOnDisk } from './source';

/** The same study with more objects is a new version. */
export const studyItem = (study: StudyOnDisk): Item => ({
  service: 'STUDY',
  key: study.studyInstanceUid,
  label: study.studyInstanceUid,
  terms: { patient: study.patientId, accession: study.accessionNumber },
  content: JSON.stringify(study),
  repeats: 'known',
});

export function studyReceived({ content }: Work): Delivered {
  // Written by studyItem.
  const study = JSON.parse(content) as StudyOnDisk;
  return { state: 'accepted', payload: study, exchange: { objects: study.files.length } };
}
