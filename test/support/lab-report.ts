import { child, childrenNamed, readXml } from '../../lib/wire/xml-read';
import { fixture } from './fixture';

const lab = readXml(fixture('ArchiveAutoReport.lab.xml'));

/** The agreement's own sample of a lab report (4.1), as a flow gives it to lab-register. */
export const labReport = {
  ...child(child(lab, 'labmaster') ?? lab, 'item')?.attributes,
  lab_subitem: childrenNamed(lab, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes })),
};
