/** Long work on the file of an embedded store, in a thread of its own: the store goes on working meanwhile. */
import { Worker } from 'node:worker_threads';
import path from 'node:path';
import { ExchangeError } from '../errors';

export type FileTask =
  /** Looks whether the file is whole. */
  | { readonly kind: 'check'; readonly file: string }
  /** Writes a copy, as of now, into a file that must not exist. */
  | { readonly kind: 'copy'; readonly file: string; readonly target: string };

/** What the thread answers: null, or what is wrong. */
export type FileTaskResult = string | null;

/**
 * @param signal ends the work, as if something were wrong
 * @throws {ExchangeError} STORE: the file is damaged, or cannot be read or written; says which
 */
export async function runFileTask(task: FileTask, signal?: AbortSignal): Promise<void> {
  const worker = new Worker(path.join(__dirname, 'file-thread.js'), { workerData: task });
  worker.unref();
  signal?.addEventListener('abort', () => void worker.terminate());
  const wrong = await new Promise<FileTaskResult>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => resolve('the thread has ended'));
  });
  if (wrong !== null) throw task.kind === 'check' ? damaged(task.file, wrong) : notCopied(task.target, wrong);
}

const damaged = (file: string, why: string): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: {
      zh: `消息库文件 ${file} 已损坏，已停止使用。请停止 Node-RED，用备份恢复该文件（exchange-store restore）。原因：${why}`,
      en: `the file ${file} of the message store is damaged and no longer used. Stop Node-RED and restore a backup (exchange-store restore). Reason: ${why}`,
    },
  });

const notCopied = (target: string, why: string): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: {
      zh: `未能备份到 ${target}：请检查路径、权限和空间，目标文件不能已存在。原因：${why}`,
      en: `no backup was written to ${target}: check path, permissions and space; the file must not exist yet. Reason: ${why}`,
    },
  });
