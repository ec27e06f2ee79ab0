/** Entry of the thread that works on the file of an embedded store. */
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteDatabase } from '../sqlite';
import type { FileTask, FileTaskResult } from './file-task';

function perform(task: FileTask): FileTaskResult {
  const database = SqliteDatabase.open(task.file);
  try {
    if (task.kind === 'copy') {
      database.run('VACUUM INTO ?', task.target);
      return null;
    }
    const found = database.all('PRAGMA quick_check(5)').map(row => String(row['quick_check']));
    return found.length === 1 && found[0] === 'ok' ? null : found.join('; ');
  } finally {
    database.close();
  }
}

function answer(): FileTaskResult {
  try {
    // Given by file-task.ts.
    return perform(workerData as FileTask);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

parentPort?.postMessage(answer());
