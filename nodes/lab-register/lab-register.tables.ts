/** What lab-register maps, and what is filled in when the hospital gives nothing: see `readLabReports`. */
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import type { MappedTable } from '../../lib/mapping/mapping-row';

export const labTables: readonly MappedTable[] = [
  { table: labMaster, provided: ['org_code'] },
  {
    table: labSubitem,
    provided: [
      'org_code',
      'event_no',
      'report_form_no',
      'last_update_dtime',
      'effective_dtime',
      'create_time',
    ],
  },
];
