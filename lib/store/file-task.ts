/**
 * Long work on the file of an embedded store, in a process of its own: the store goes on working meanwhile, and it can be
 * ended at any time. A thread could not: ended within SQLite's native code it takes the whole of Node-RED with it.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import { ExchangeError } from '../errors';

export type FileTask =
  /** Looks whether the file is whole. */
  | { readonly kind: 'check'; readonly file: string }
  /** Adds up what is in use of the file: a large one may be half empty. */
  | { readonly kind: 'measure'; readonly file: string }
  /** Writes a copy, as of now, into a file that must not exist. */
  | { readonly kind: 'copy'; readonly file: string; readonly target: string };

export interface FileTaskResult {
  /** What is wrong, or null. */
  readonly wrong: string | null;
  /** Of `measure`. */
  readonly usedBytes?: number;
}

/**
 * @param signal ends the work, as if something were wrong
 * @throws {ExchangeError} STORE: the file is damaged, or cannot be read or written; says which
 */
export async function runFileTask(
  task: Exclude<FileTask, { kind: 'measure' }>,
  signal?: AbortSignal,
): Promise<void> {
  const { wrong } = await perform(task, signal);
  if (wrong !== null) throw task.kind === 'check' ? damaged(task.file, wrong) : notCopied(task.target, wrong);
}

/** Bytes in use of the file of an embedded store; undefined when it cannot be read now. */
export async function measureFile(file: string, signal?: AbortSignal): Promise<number | undefined> {
  return (await perform({ kind: 'measure', file }, signal)).usedBytes;
}

function perform(task: FileTask, signal: AbortSignal | undefined): Promise<FileTaskResult> {
  return new Promise(resolve => {
    const child = fork(path.join(__dirname, 'file-process.js'), [], { execArgv: [], stdio: 'ignore' });
    const stop = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    child.once('message', (result: FileTaskResult) => resolve(result));
    child.once('error', ({ message }) => resolve({ wrong: message }));
    child.once('exit', () => {
      signal?.removeEventListener('abort', stop);
      resolve({ wrong: 'the process has ended' });
    });
    child.send(task);
  });
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
