// The rows of the benchmark: results of a LIS, with the types that take a driver work.
export const COLUMNS = [
  { name: 'report_no', type: 'varchar' },
  { name: 'patient_name', type: 'nvarchar' },
  { name: 'item_name', type: 'nvarchar' },
  { name: 'result', type: 'decimal', scale: 2 },
  { name: 'item_id', type: 'bigint' },
  { name: 'report_time', type: 'datetime' },
  { name: 'abnormal', type: 'int' },
];

export const rowAt = at => [
  `TESTL${String(at).padStart(10, '0')}`,
  '测试甲',
  '葡萄糖测定（已糖激酶法）',
  `${at % 1000}.25`,
  String(1_000_000_000_000 + at),
  '2030-01-02 03:04:05',
  at % 2,
];
