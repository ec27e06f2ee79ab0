/** Entry of the process that works on the file of an embedded store. */
import { SqliteDatabase } from '../sqlite';
import type { FileTask, FileTaskResult } from './file-task';

function perform(task: FileTask): FileTaskResult {
  const database = SqliteDatabase.open(task.file);
  try {
    if (task.kind === 'copy') {
      database.run('VACUUM INTO ?', task.target);
      return { wrong: null };
    }
    if (task.kind === 'measure') return { wrong: null, usedBytes: usedBytes(database) };
    const found = database.all('PRAGMA quick_check(5)').map(row => String(row['quick_check']));
    return { wrong: found.length === 1 && found[0] === 'ok' ? null : found.join('; ') };
  } finally {
    database.close();
  }
}

function usedBytes(database: SqliteDatabase): number {
  const pragma = (name: string): number => Number(database.all(`PRAGMA ${name}`)[0]?.[name]);
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
}

function answer(task: FileTask): FileTaskResult {
  try {
    return perform(task);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

// Sent by file-task.ts.
process.once('message', (task: FileTask) => {
  process.send?.(answer(task), () => process.disconnect());
});
