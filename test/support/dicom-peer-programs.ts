/** DCMTK and Orthanc as peers, each in a folder and at a port of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { promisify } from 'node:util';
import { MemoryBytes } from '../../lib/dicom/byte-source';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import type { Peer } from '../../lib/dicom/request-association';
import type { StoredObject } from '../../lib/dicom/source';
import { Station, type StationOptions } from '../../lib/dicom/storage-scp';
import type { Outgoing } from '../../lib/dicom/store-scu';
import {
  CT_IMAGE,
  SYNTAX,
  type TestElement,
  UID_ROOT,
  element,
  fragments,
  imageElements,
  metaOf,
  fileOf,
  openSequence,
  writeDataSet,
  writingOf,
} from './dicom-files';
import type { Certificates, KeyPair } from './misbehaving-server';
import { works } from './peer';
import { freePort, untilListening } from './port';

const run = promisify(execFile);

export const hasDcmtk = (): boolean =>
  ['storescp', 'storescu', 'dcmsend', 'dcmqrscp', 'echoscu'].every(program => works(program, '--version'));
export const hasOrthanc = (): boolean => works('Orthanc', '--version');

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program of DCMTK to its end. */
export async function dcmtk(program: string, ...args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: 20_000, maxBuffer: 16 * 1024 * 1024 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

/** Programs that wait for connections; ended together. */
export class Programs {
  readonly #running: ChildProcess[] = [];

  /** Starts a program that listens at the port that `args` are told; resolves when it does. */
  async start(program: string, args: (port: number) => readonly string[]): Promise<number> {
    const port = await freePort();
    const child = spawn(program, args(port), { stdio: 'ignore' });
    this.#running.push(child);
    await untilListening(port, child);
    return port;
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#running.splice(0).map(async child => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = new Promise(resolve => child.once('exit', resolve));
        child.kill('SIGKILL');
        await exit;
      }),
    );
  }
}

/** An Orthanc with an index and a storage of its own, without the system's configuration. */
export class Orthanc {
  readonly dicomPort: number;
  readonly #httpPort: number;

  private constructor(dicomPort: number, httpPort: number) {
    this.dicomPort = dicomPort;
    this.#httpPort = httpPort;
  }

  /**
   * @param modalities ports of stations by AE title
   * @param certificates with them it takes and makes TLS associations alone, and asks for a certificate
   */
  static async start(
    programs: Programs,
    folder: string,
    modalities: Readonly<Record<string, number>> = {},
    certificates?: Certificates,
  ): Promise<Orthanc> {
    const dicomPort = await freePort();
    const file = path.join(folder, 'orthanc.json');
    const httpPort = await programs.start('Orthanc', port => {
      const settings = {
        Name: 'Test',
        StorageDirectory: path.join(folder, 'storage'),
        IndexDirectory: path.join(folder, 'index'),
        HttpPort: port,
        RemoteAccessAllowed: false,
        DicomPort: dicomPort,
        DicomAet: 'ORTHANC',
        DicomAlwaysAllowEcho: true,
        DicomAlwaysAllowStore: true,
        DicomAlwaysAllowFind: true,
        DicomAlwaysAllowGet: true,
        DicomAlwaysAllowMove: true,
        UnknownSopClassAccepted: true,
        SynchronousCMove: true,
        DefaultEncoding: 'Chinese',
        Plugins: [],
        DicomModalities: Object.fromEntries(
          Object.entries(modalities).map(([title, at]) => [
            title.toLowerCase(),
            { AET: title, Host: '127.0.0.1', Port: at, UseDicomTls: certificates !== undefined },
          ]),
        ),
        ...(certificates && orthancTls(folder, certificates)),
      };
      fs.writeFileSync(file, JSON.stringify(settings));
      return [file];
    });
    return new Orthanc(dicomPort, httpPort);
  }

  /** The file of an instance; null when it has none. */
  async file(sopInstanceUid: string): Promise<Buffer | null> {
    const [id] = (await (
      await this.#fetch('tools/lookup', { method: 'POST', body: sopInstanceUid })
    ).json()) as { ID: string }[];
    if (!id) return null;
    return Buffer.from(await (await this.#fetch(`instances/${id.ID}/file`)).arrayBuffer());
  }

  #fetch(where: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#httpPort}/${where}`, options);
  }
}

/** A dcmqrscp with an archive of its own, AE title QRSCP. */
export function startDcmqrscp(
  programs: Programs,
  folder: string,
  stations: Readonly<Record<string, number>> = {},
): Promise<number> {
  const archive = path.join(folder, 'archive');
  fs.mkdirSync(archive);
  const hosts = Object.entries(stations).map(
    ([title, at]) => `${title.toLowerCase()} = (${title}, localhost, ${at})`,
  );
  return programs.start('dcmqrscp', port => {
    const file = path.join(folder, 'dcmqrscp.cfg');
    fs.writeFileSync(
      file,
      [
        `NetworkTCPPort = ${port}`,
        'MaxPDUSize = 16384',
        'MaxAssociations = 16',
        'HostTable BEGIN',
        ...hosts,
        'HostTable END',
        'VendorTable BEGIN',
        'VendorTable END',
        'AETable BEGIN',
        `QRSCP ${archive} RW (100, 1024mb) ANY`,
        'AETable END',
        '',
      ].join('\n'),
    );
    return ['-c', file];
  });
}

/** An object of the test with the bytes that must arrive. */
export interface Sample {
  readonly name: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly syntax: string;
  readonly dataSet: Buffer;
}

interface Shape {
  readonly syntax?: string;
  readonly sopClassUid?: string;
  readonly changed?: Readonly<Record<number, TestElement>>;
}

export const sampleOf = (
  name: string,
  number: number,
  { syntax = SYNTAX.explicit, sopClassUid = CT_IMAGE, changed = {} }: Shape = {},
): Sample => {
  const sopInstanceUid = `${UID_ROOT}.3.${number}`;
  const plain = writeDataSet(
    imageElements({
      0x00080016: element(0x00080016, 'UI', sopClassUid),
      0x00080018: element(0x00080018, 'UI', sopInstanceUid),
      0x00200013: element(0x00200013, 'IS', String(number)),
      ...changed,
    }),
    writingOf(syntax),
  );
  const dataSet = syntax === SYNTAX.deflated ? deflated(plain) : plain;
  return { name, sopClassUid, sopInstanceUid, syntax, dataSet };
};

/** Even in length, as all deflated data sets are (PS3.5 A.5). */
function deflated(plain: Buffer): Buffer {
  const bytes = zlib.deflateRawSync(plain);
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
}

const pixels = (value: TestElement): Readonly<Record<number, TestElement>> => ({ 0x7fe00010: value });

function samplesWith(common: Readonly<Record<number, TestElement>>): readonly Sample[] {
  const sample = (name: string, number: number, { changed = {}, ...shape }: Shape = {}): Sample =>
    sampleOf(name, number, { ...shape, changed: { ...common, ...changed } });
  return [
    sample('explicit little endian', 1),
    sample('implicit little endian', 2, { syntax: SYNTAX.implicit }),
    sample('explicit big endian', 3, { syntax: SYNTAX.bigEndian }),
    sample('deflated', 4, { syntax: SYNTAX.deflated }),
    sample('JPEG in fragments', 5, {
      syntax: SYNTAX.jpeg,
      changed: pixels(fragments(Buffer.alloc(10, 1), Buffer.alloc(70_000, 2))),
    }),
    sample('RLE', 6, { syntax: SYNTAX.rle, changed: pixels(fragments(Buffer.alloc(640, 1))) }),
    sample('a private SOP class', 7, { sopClassUid: `${UID_ROOT}.77` }),
    sample('sequences of undefined length in private elements and UN', 8, {
      changed: {
        0x00291020: openSequence(0x00291020, [[element(0x00080100, 'SH', 'X')], []]),
        0x00291021: openSequence(0x00291021, [[element(0x00080100, 'SH', 'Y')]], 'UN'),
      },
    }),
    sample('group lengths and trailing padding', 9, {
      changed: {
        0x00080000: element(0x00080000, 'UL', Buffer.from([200, 0, 0, 0])),
        0xfffcfffc: element(0xfffcfffc, 'OB', Buffer.alloc(400)),
      },
    }),
    sample('several PDUs', 10, { changed: pixels(element(0x7fe00010, 'OW', Buffer.alloc(3_000_000, 7))) }),
    sample('a name in GB18030', 11, {
      changed: {
        0x00080005: element(0x00080005, 'CS', 'GB18030'),
        0x00100010: element(0x00100010, 'PN', Buffer.from('b2e2cad45ebcd7', 'hex').toString('latin1')),
      },
    }),
  ];
}

/** Every way in which a data set may be written, with sequences of undefined length in most. */
export const SAMPLES = samplesWith({});
/** The same, but for sequences of known length. */
export const KNOWN_LENGTHS = samplesWith({
  0x00081140: element(0x00081140, 'SQ', [[element(0x00081150, 'UI', CT_IMAGE)], []]),
});

/** Writes the samples into a folder; gives the paths of their files. */
export function writeSamples(folder: string, samples: readonly Sample[]): string[] {
  fs.mkdirSync(folder, { recursive: true });
  return samples.map(one => {
    const file = path.join(folder, `${one.sopInstanceUid}.dcm`);
    fs.writeFileSync(file, sampleFile(one));
    return file;
  });
}

/** Files below a folder by the SOP instance UID in their names. */
export function filesByUid(folder: string): Map<string, Buffer> {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter(entry => entry.isFile() && entry.name.includes(UID_ROOT))
      .map(({ name, parentPath }) => [
        name.slice(name.indexOf(UID_ROOT)).replace(/\.dcm$/, ''),
        fs.readFileSync(path.join(parentPath, name)),
      ]),
  );
}

export const sampleFile = ({ syntax, sopClassUid, sopInstanceUid, dataSet }: Sample): Buffer =>
  fileOf(dataSet, { syntax, meta: metaOf(syntax, sopClassUid, sopInstanceUid) });

export const outgoing = ({ sopClassUid, sopInstanceUid, syntax, dataSet }: Sample): Outgoing => ({
  sopClassUid,
  sopInstanceUid,
  transferSyntaxUid: syntax,
  open: () => Promise.resolve(new MemoryBytes(dataSet)),
});

/** Where the data set of a Part 10 file begins, and its transfer syntax. */
export function opened(file: Buffer): { readonly syntax: string; readonly dataSet: Buffer } {
  const start = 144 + file.readUInt32LE(140);
  const meta = file.subarray(144, start);
  const at = meta.indexOf(Buffer.from('020010005549', 'hex'));
  const syntax = meta.toString('latin1', at + 8, at + 8 + meta.readUInt16LE(at + 6)).replace(/\0$/, '');
  return { syntax, dataSet: file.subarray(start) };
}

export const localPeer = (port: number, changes: Partial<Peer> = {}): Peer => ({
  host: '127.0.0.1',
  port,
  aeTitle: 'PEER',
  callingAeTitle: 'NODERED',
  connectTimeoutMs: 5000,
  timeoutMs: 10_000,
  maxPdu: 131_072,
  ...changes,
});

/** A station that listens, with all that it has told. */
export class TestStation {
  readonly folder: ObjectFolder;
  readonly path: string;
  readonly received: StoredObject[] = [];
  readonly problems: string[] = [];
  readonly ended: number[] = [];
  port = 0;
  #station: Station | undefined;

  constructor(folder: string) {
    this.path = path.join(folder, 'incoming');
    this.folder = new ObjectFolder(this.path, 1024 * 1024 * 1024);
  }

  async open(changes: Partial<StationOptions> = {}): Promise<void> {
    this.port = changes.port ?? (await freePort());
    this.#station = new Station(
      {
        aeTitle: 'STATION',
        host: '127.0.0.1',
        port: this.port,
        allowedAeTitles: new Set(),
        admitsAddress: () => true,
        checkCalledAeTitle: true,
        associations: 8,
        timeoutMs: 10_000,
        maxPdu: 131_072,
        folder: this.folder,
        ...changes,
      },
      {
        onObject: object => Promise.resolve(void this.received.push(object)),
        onAssociationEnd: number => void this.ended.push(number),
        onProblem: ({ en }) => void this.problems.push(en),
      },
    );
    await this.#station.listen();
  }

  async close(): Promise<void> {
    await this.#station?.close();
  }
}

/** Writes what a program needs for TLS into files; gives their paths. */
function tlsFiles(
  folder: string,
  certificates: Certificates,
  own: KeyPair,
  name: string,
): Readonly<Record<'key' | 'cert' | 'ca', string>> {
  const at = (file: string): string => path.join(folder, `${name}-${file}.pem`);
  fs.writeFileSync(at('key'), own.key);
  fs.writeFileSync(at('cert'), own.cert);
  fs.writeFileSync(at('ca'), certificates.ca);
  return { key: at('key'), cert: at('cert'), ca: at('ca') };
}

/** Options of DCMTK's programs for TLS. */
export function tlsOptions(folder: string, certificates: Certificates, own: KeyPair, name: string): string[] {
  const { key, cert, ca } = tlsFiles(folder, certificates, own, name);
  return ['+tls', key, cert, '+cf', ca];
}

function orthancTls(folder: string, certificates: Certificates): object {
  const { key, cert, ca } = tlsFiles(folder, certificates, certificates.good, 'orthanc');
  return {
    DicomTlsEnabled: true,
    DicomTlsCertificate: cert,
    DicomTlsPrivateKey: key,
    DicomTlsTrustedCertificates: ca,
    DicomTlsRemoteCertificateRequired: true,
  };
}
