import { child, childrenNamed, readXml } from '../../lib/wire/xml-read';
import { fixture } from './fixture';

const lab = readXml(fixture('ArchiveAutoReport.lab.xml'));

/** The agreement's own sample of a lab report (4.1), as a flow gives it to lab-register. */
export const labReport = {
  ...child(child(lab, 'labmaster') ?? lab, 'item')?.attributes,
  lab_subitem: childrenNamed(lab, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes })),
};

/** A lab report of a synthetic patient, with one item. */
export const labInput = {
  last_update_dtime: '2030-01-02 03:04:05',
  org_code: '000000T0001',
  report_form_no: 'TESTR0001',
  patient_id: 'TESTP0001',
  event_type: '1',
  event_no: 'TESTE0001',
  card_no: 'TESTC0001',
  name: '测试甲',
  retrieve_date: '2030-01-02',
  lab_subitem: [{ class_code: '2345-7', class_name: '葡萄糖', result_value: '7.1', serial_no: '1' }],
};
