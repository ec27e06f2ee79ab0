/** The list of annex 1 of the agreement: choosing a hospital fills in what the agreement prints for it. */
import type { Text } from '../../lib/errors';
import { inLanguage } from '../shared/editor/language';
import type { EditorNode } from '../shared/editor/red';

/** One line of the admin route `exchange-profile/hospitals`. */
interface Hospital {
  readonly order: number;
  readonly name: string;
  readonly nameEn: string;
  readonly operator?: string | null;
  readonly organCode?: string | null;
  readonly note?: Text | null;
}

type Code = 'organCode' | 'operator';

const field = (name: string): JQuery => $(`#node-config-input-${name}`);

/** Fills the list, shows the hospital that the profile belongs to, and fills the fields when another one is chosen. */
export function prepareHospitalChoice(node: EditorNode): void {
  const choice = $('#exchange-profile-hospital');
  $.getJSON('exchange-profile/hospitals', (hospitals: Hospital[]) => {
    for (const hospital of hospitals) {
      const title = inLanguage({ zh: hospital.name, en: hospital.nameEn });
      $('<option>').val(String(hospital.order)).text(`${hospital.order}. ${title}`).appendTo(choice);
    }
    const chosen = (): Hospital | undefined => hospitals.find(({ order }) => String(order) === choice.val());
    const present = hospitals.find(hospital => holds(hospital, 'organCode'));
    choice.val(present ? String(present.order) : '');
    showNote(node, present);
    choice.on('change', () => {
      const hospital = chosen();
      if (hospital) fill(hospital, hospitals);
      showNote(node, hospital);
    });
  }).fail(() => showProblem(node));
}

/** True when the field holds the code of this hospital. */
const holds = (hospital: Hospital, code: Code): boolean =>
  Boolean(hospital[code]) && hospital[code] === field(code).val();

function fill(hospital: Hospital, hospitals: readonly Hospital[]): void {
  const names = hospitals.map(({ name }) => name);
  for (const name of ['name', 'orgName']) {
    const present = String(field(name).val());
    if (!present || names.includes(present)) field(name).val(hospital.name).trigger('change');
  }
  for (const code of ['organCode', 'operator'] as const) {
    // Nine hospitals get their codes later: theirs are left as typed, but another hospital's code must not stay.
    const foreign = hospitals.some(other => holds(other, code));
    if (hospital[code] || foreign)
      field(code)
        .val(hospital[code] ?? '')
        .trigger('change');
  }
}

function showNote(node: EditorNode, hospital: Hospital | undefined): void {
  const note = $('#exchange-profile-hospital-note').empty();
  if (!hospital) note.text(node._('exchange-profile.hint.hospital'));
  else if (hospital.note) warn(note, inLanguage(hospital.note));
  else if (!hospital.organCode) warn(note, node._('exchange-profile.hint.no-code'));
}

const showProblem = (node: EditorNode): void =>
  warn($('#exchange-profile-hospital-note'), node._('exchange-profile.hint.no-list'));

function warn(place: JQuery, text: string): void {
  place.append($('<i>', { class: 'fa fa-warning' }), document.createTextNode(` ${text}`));
}
