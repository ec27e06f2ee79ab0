/**
 * pynetdicom's own programs as peers. Debian 12 does not have it: the variable PYNETDICOM names the folder of a checkout
 * (with python3-pydicom and python3-sqlalchemy from Debian), as TEST_MSSQL_URL names a SQL Server.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Ended, Programs } from './dicom-peer-programs';
import { works } from './peer';

const PYTHON = '/usr/bin/python3';
const checkout = process.env['PYNETDICOM'];

/** For programs that are started here. */
const environment = { ...process.env, PYTHONPATH: checkout };

export const hasPynetdicom = (): boolean =>
  checkout !== undefined &&
  works('env', `PYTHONPATH=${checkout}`, PYTHON, '-c', 'import pynetdicom, sqlalchemy');

/** Runs one of its programs to its end: `echoscu`, `storescu`, … */
export async function pynetdicom(program: string, ...args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(PYTHON, ['-m', 'pynetdicom', program, ...args], {
      env: environment,
      timeout: 30_000,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const start = (programs: Programs, args: (port: number) => readonly string[]): Promise<number> =>
  programs.start('env', port => [`PYTHONPATH=${checkout}`, PYTHON, '-m', 'pynetdicom', ...args(port)]);

/** A storescp that writes what it gets into a folder. */
export function startStorescp(programs: Programs, folder: string): Promise<number> {
  fs.mkdirSync(folder, { recursive: true });
  return start(programs, port => ['storescp', String(port), '-od', folder, '-aet', 'PEER']);
}

/** A qrscp, AE title QRSCP, that knows the stations to which it may move. */
export function startQrscp(
  programs: Programs,
  folder: string,
  stations: Readonly<Record<string, number>> = {},
): Promise<number> {
  const file = path.join(folder, 'qrscp.ini');
  return start(programs, port => {
    const settings = {
      ae_title: 'QRSCP',
      port,
      max_pdu: 16_382,
      acse_timeout: 30,
      dimse_timeout: 30,
      network_timeout: 30,
      bind_address: '127.0.0.1',
      instance_location: path.join(folder, 'instances'),
      database_location: path.join(folder, 'instances.sqlite'),
      log_identifier: 'False',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}`);
    const known = Object.entries(stations).map(
      ([title, at]) => `[${title}]\naddress: 127.0.0.1\nport: ${at}`,
    );
    fs.writeFileSync(file, ['[DEFAULT]', ...lines, ...known, ''].join('\n'));
    return ['qrscp', '-c', file];
  });
}
