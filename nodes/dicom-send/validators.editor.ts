/** What only the sending of images asks of its settings. */
import type { EditorNode, Validator } from '../shared/editor/red';
import { validator } from '../shared/editor/validate';
import type { SendProps } from './dicom-send.props';

const PLACEHOLDERS = 'org yyyyMMdd yyyy MM dd accession patientid modality studyuid seriesuid sopuid'.split(
  ' ',
);
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What is not used with another target is not looked at: its row is hidden. */
export const ifShare = (check: Validator): Validator =>
  // Node-RED shows a reason only of a function that declares both parameters.
  function (this: EditorNode & Partial<SendProps>, value: unknown, options: unknown) {
    return this.target === 'share' ? check.call(this, value, options) : true;
  };

/** A relative path of names and known placeholders, another one for each object. */
export const objectTemplate = (property: string): Validator =>
  validator(property, text => {
    const names = [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
    const unknown = names.find(name => !PLACEHOLDERS.includes(name));
    if (unknown !== undefined) return { key: 'dicom-send.invalid.placeholder', values: { name: unknown } };
    if (!names.includes('sopuid')) return { key: 'dicom-send.invalid.no-sopuid' };
    return text.split(/[\\/]/).every(isName) ? undefined : { key: 'dicom-send.invalid.template' };
  });

/** No name that Windows refuses, none that leads out of the folder, and none that is hidden. */
const isName = (segment: string): boolean =>
  /^[^{}<>:"|?*~]+$/.test(segment.replace(PLACEHOLDER, 'x')) && !/^[\s.]|[\s.]$/.test(segment);

/** Needed where the template names it. */
export const organization = (property: string): Validator =>
  validator(property, (text, { template = '' }: EditorNode & Partial<SendProps>) =>
    text || !template.includes('{org}') ? undefined : { key: 'dicom-send.invalid.organization' },
  );
