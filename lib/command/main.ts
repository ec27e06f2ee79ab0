#!/usr/bin/env node
/** The command of this package: what can be done without Node-RED. */
import { ExchangeError } from '../errors';
import { runCommand as storeCommand } from '../store/command';
import { CHECK_USAGE, checkCommand } from './check';
import type { Environment } from './environment';

type Command = (
  args: readonly string[],
  environment: Environment,
  print: (line: string) => void,
) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  check: checkCommand,
  store: storeCommand,
};

const USAGE = `node-red-hospital：医院接入区域互联 | a hospital's exchange with its region

${CHECK_USAGE}
store …：消息库维护，见 node-red-hospital store | maintenance of the message store, see node-red-hospital store
`;

/** Runs one command. Gives the exit code. */
export async function run(
  [name = '', ...args]: readonly string[],
  environment: Environment,
  print: (line: string) => void,
): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    print(USAGE);
    return 2;
  }
  try {
    return await command(args, environment, print);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    print(`${error.text.zh}\n${error.text.en}`);
    return 1;
  }
}

if (require.main === module) {
  void run(process.argv.slice(2), process.env, line => console.log(line)).then(code => {
    process.exitCode = code;
  });
}
