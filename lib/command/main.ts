#!/usr/bin/env node
/** The command of this package: what can be done without Node-RED. */
import { Misuse, type Print, guarded } from '../command-line';
import { loadCommand, simulateCommand } from '../simulator/command';
import { runCommand as storeCommand } from '../store/command';
import { checkCommand } from './check';
import type { Environment } from './environment';

type Command = (args: readonly string[], environment: Environment, print: Print) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  check: checkCommand,
  simulate: simulateCommand,
  load: loadCommand,
  store: storeCommand,
};

const USAGE = `node-red-hospital：医院接入区域互联 | a hospital's exchange with its region

  check      自查 17 个接口，生成证据报告 | checks the 17 interfaces, writes a report
  simulate   模拟平台，可按需出错（仅供测试）| the platform's side, with faults on demand, for tests only
  load       按固定速率调用 | calls at a fixed rate
  store      消息库维护 | maintenance of the message store

每条命令加 --help 查看用法 | each of them tells its usage with --help
`;

/** Runs one command. Gives the exit code. */
export function run(
  [name = '', ...args]: readonly string[],
  environment: Environment,
  print: Print,
): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return command
    ? command(args, environment, print)
    : guarded(USAGE, print, () => Promise.reject(new Misuse()));
}

if (require.main === module) {
  void run(process.argv.slice(2), process.env, line => console.log(line)).then(code => {
    process.exitCode = code;
  });
}
