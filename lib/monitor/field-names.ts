/** What may be shown of a value, by the name under which it stands. */
import type { Field } from '../contract/field';
import { bookingServices, reports, syncServices, viewerPages } from '../contract/services';
import * as envelopes from '../contract/tables/envelope';
import type { Privacy } from '../privacy/privacy';

/** `plain`: as it is; a field: as its table says; a kind of personal data: masked so. */
export type Shown = 'plain' | Field | Privacy;

/** Names of our own that hold nothing of a patient, wherever they stand. */
const PLAIN = ['_msgid', 'service', 'outcome', 'sopClassUid', 'transferSyntaxUid', 'modality', 'recodedTo'];

/** Names in which our nodes tell the story of a message; elsewhere a hospital may call anything so. */
const STORY: ReadonlySet<string> = new Set(
  (
    'id state attempts version startedat durationms code zh en message name type duplicate repeated items skipped ' +
    'handover reportno count source warnings removedcharacters objects failed committed studies missing method'
  ).split(' '),
);

/** Keys of DICOM as our nodes name them, and the key of a message, which may hold a patient's. */
const PRIVATE: Readonly<Record<string, Privacy>> = {
  key: 'card',
  patientid: 'card',
  patientname: 'name',
  studyinstanceuid: 'uid',
  seriesinstanceuid: 'uid',
  sopinstanceuid: 'uid',
};

export const isPrivate = ({ privacy, secret }: Field): boolean => privacy !== undefined || secret === true;

/** @param story within `exchange` or `error` of a message. Undefined for a name that nobody has said anything of. */
export function shownOf(name: string, story: boolean): Shown | undefined {
  const lower = name.toLowerCase();
  if (story && STORY.has(lower)) return 'plain';
  return shownByName.get(lower);
}

const shownByName = namesOfContract();

function namesOfContract(): ReadonlyMap<string, Shown> {
  const shown = new Map<string, Shown>(PLAIN.map(name => [name.toLowerCase(), 'plain']));
  for (const field of contractFields()) {
    for (const name of [field.name, field.attribute, field.element]) {
      if (!name) continue;
      const known = shown.get(name.toLowerCase());
      // Where two tables have one name, the stricter one holds.
      if (!known || (typeof known === 'object' && !isPrivate(known))) shown.set(name.toLowerCase(), field);
    }
  }
  for (const [name, privacy] of Object.entries(PRIVATE)) shown.set(name, privacy);
  return shown;
}

function contractFields(): readonly Field[] {
  const tables = [
    ...Object.values(bookingServices).flatMap(service => [
      service.request,
      ...('items' in service ? [service.items] : []),
    ]),
    ...Object.values(syncServices).map(({ record }) => record),
    reports.lab.master,
    reports.lab.items,
    reports.exam.master,
    ...Object.values(viewerPages),
    envelopes.hospitalHeader,
    envelopes.platformHeader,
    envelopes.reportQuery,
  ];
  return tables.flatMap(({ fields }) => fields as readonly Field[]);
}
