/** The agreement's samples with the values of one patient in them. */
import fs from 'node:fs';
import path from 'node:path';
import { PATIENT } from './target';

const folder = path.resolve('test/fixtures');

const NAMES = /\b(name|patient_?name|patname|sick_name)\b/i;
const IDS = /\b(id_?no|idcard|id_card_no|identity_no)\b/i;
const CARDS = /\b(patient_?no|patientid|serial_?no|card_?no|strIDNO|hiskey)\b/i;

function valueFor(field: string, value: string): string {
  if (NAMES.test(field)) return PATIENT.name;
  if (IDS.test(field)) return PATIENT.id;
  return CARDS.test(field) ? PATIENT.card : value;
}

/** Samples whose name matches, misprints of the city's own included. */
export function samples(matching: RegExp): string[] {
  return ['agreement', 'city']
    .flatMap(kind => fs.readdirSync(path.join(folder, kind)).map(name => path.join(kind, name)))
    .filter(name => matching.test(name))
    .toSorted()
    .map(name => withPatient(fs.readFileSync(path.join(folder, name), 'utf8')));
}

const withPatient = (text: string): string =>
  text
    .replace(
      /<(\w+)>([^<>]+)</g,
      (_all, field: string, value: string) => `<${field}>${valueFor(field, value)}<`,
    )
    .replace(
      /\b(\w+)="([^"]*)"/g,
      (_all, field: string, value: string) => `${field}="${valueFor(field, value)}"`,
    );
