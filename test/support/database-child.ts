/**
 * A process of its own that uses a hospital's database: `tsx database-child.ts <port> <what>`. Writes what it got as
 * JSON, so that time zones and crashes can be looked at from outside.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { driverTo, parameter, sql } from './hospital-database';

const [, , port, what] = process.argv;

async function main(): Promise<unknown> {
  const driver = driverTo(Number(port));
  try {
    if (what === 'clocks') {
      const given = ['1988-04-17 02:30:00', '2013-09-02 00:50:34', '2030-12-31 23:59:59.997'];
      const parameters = given.map((text, at) => parameter(`p${at}`, 'datetime', text));
      return (await driver.run(sql('select clocks'), parameters)).rows;
    }
    // A lost connection: nobody listens to any event of the driver here.
    const failure = await driver.run(sql('die')).then(
      () => 'no failure',
      (error: Error & { code?: string }) => error.code,
    );
    await pause(200);
    return { failure, alive: true };
  } finally {
    await driver.close();
  }
}

main().then(
  result => process.stdout.write(JSON.stringify(result)),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
