import { SqliteDatabase } from '../../lib/sqlite';

/**
 * Messages of an embedded store that are not delivered, or whose outcome is not handed over. Looks into the file itself,
 * which its owner may have open.
 */
export function leftIn(file: string): number {
  const database = SqliteDatabase.open(file);
  try {
    const row = database.get(
      "select count(*) as n from message where state <> 'accepted' or repeat_at is not null",
    );
    return Number(row?.['n']);
  } finally {
    database.close();
  }
}
