import assert from 'node:assert/strict';
import { SqliteDatabase } from '../../lib/sqlite';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { verifyAudit } from '../../lib/store/verify-audit';

/** What an embedded store that nobody has open holds; fails when its file or its audit trail is damaged. */
export async function soundTallies(file: string, secret: string): ReturnType<MessageStore['tallies']> {
  const database = SqliteDatabase.open(file);
  assert.deepEqual(database.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  database.close();
  const store = await openStore({ kind: 'embedded', file, secret }, { in: 'caller' });
  try {
    assert.equal((await verifyAudit(store)).brokenAt, null);
    return await store.tallies({});
  } finally {
    await store.close();
  }
}
