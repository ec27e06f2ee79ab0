/** A process that is killed again and again, and started again each time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { root } from './built-editor';
import { until } from './until';

const STARTS_WITHIN_MS = 30_000;
/** What is kept of the words of a process that ended by itself. */
const LAST_WORDS = 4000;

export class Victim {
  /** Kills so far, and how many of them struck before the process had said that it is ready. */
  readonly kills = { all: 0, duringStart: 0 };
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  #port = 0;
  #words = '';

  /** @param script below the checkout; sends `{ port }` when it is ready */
  constructor(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#script = script;
    this.#args = args;
    this.#env = env;
  }

  /** Where it listens; 0 while it is not ready. */
  get port(): number {
    return this.#port;
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  start(): void {
    const child = fork(path.join(root, this.#script), this.#args, {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...this.#env },
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => {
        this.#words = (this.#words + bytes.toString()).slice(-LAST_WORDS);
      });
    child.on('message', message => {
      if (this.#process === child) this.#port = (message as { port: number }).port;
    });
  }

  async ready(): Promise<void> {
    const isReady = (): boolean => {
      this.check();
      return this.#port !== 0;
    };
    await until('the process is ready', isReady, STARTS_WITHIN_MS);
  }

  /** @throws {Error} with its last words when it has ended by itself */
  check(): void {
    const { exitCode = 'nothing', signalCode = null } = this.#process ?? {};
    if (exitCode !== null || signalCode !== null)
      throw new Error(`the process ended by itself with ${exitCode ?? signalCode}:\n${this.#words}`);
  }

  /** Ends it as a crash does, at once. */
  async kill(): Promise<void> {
    this.check();
    this.kills.all++;
    if (this.#port === 0) this.kills.duringStart++;
    await this.#end(child => child.kill('SIGKILL'));
  }

  /** Ends it in order: it is told to stop. */
  async stop(): Promise<void> {
    this.check();
    await this.#end(child => child.send('stop'));
    if (this.#process?.exitCode !== 0) throw new Error(`the process did not stop in order:\n${this.#words}`);
  }

  /** For the end of a test that failed. */
  async dispose(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null)
      await this.#end(child => child.kill('SIGKILL'));
  }

  async #end(strike: (child: ChildProcess) => void): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#port = 0;
    const exit = once(child, 'exit');
    strike(child);
    await exit;
  }
}
