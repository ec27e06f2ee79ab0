/** What exam-register maps, and what is filled in when the hospital gives nothing: see `readExamReports`. */
import { examMaster } from '../../lib/contract/tables/exam';
import type { MappedTable } from '../../lib/mapping/mapping-row';

export const examTables: readonly MappedTable[] = [{ table: examMaster, provided: ['org_code'] }];
