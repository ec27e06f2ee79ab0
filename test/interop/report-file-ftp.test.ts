/** Publishing on a real vsftpd, and fetching from it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fetcher } from '../../lib/report-file/fetch';
import { FtpFolder } from '../../lib/report-file/ftp-folder';
import type { FtpServer } from '../../lib/report-file/ftp-session';
import type { OnConflict } from '../../lib/report-file/local-folder';
import { Publisher } from '../../lib/report-file/publish';
import {
  FTP_LOGIN,
  type GoBetween,
  type Meddling,
  VSFTPD,
  Vsftpd,
  meddle,
  selfSigned,
} from '../support/ftp-server';
import { closedPort } from '../support/misbehaving-server';
import { needsPeer, works } from '../support/peer';
import { coded, pdf, temporaryFolder } from '../support/report-files';

const MIB = 1024 * 1024;
const never = new AbortController().signal;
const REPORT = new Map([['no', 'TESTR0001']]);
const TEMPLATE = '{yyyy}/{MM}/{no}.{ext}';
const NAME = '2030/01/TESTR0001.pdf';
const now = (): Date => new Date(2030, 0, 2);

/** The server never says a word. */
const SILENCE = { answer: '' };

interface Setup {
  readonly server?: Partial<FtpServer>;
  readonly folder?: string;
  readonly onConflict?: OnConflict;
  readonly timeoutMs?: number;
  readonly publishedAs?: string;
}

describe('report files on a real vsftpd', function () {
  this.timeout(25_000);
  let ftp: Vsftpd;
  const certificate = selfSigned();
  const running: { close(): unknown }[] = [];

  before(async function () {
    needsPeer(this, 'vsftpd', works(VSFTPD, '-v'));
    ftp = await Vsftpd.start();
  });
  after(() => ftp?.close());
  afterEach(async () => {
    for (const peer of running.splice(0)) await peer.close();
    for (const name of fs.readdirSync(ftp.root)) fs.rmSync(path.join(ftp.root, name), { recursive: true });
  });

  const destination = ({ server = {}, folder = '', publishedAs = '' }: Setup = {}): FtpFolder =>
    new FtpFolder({
      server: { host: '127.0.0.1', port: ftp.port, secure: false, ...FTP_LOGIN, ...server },
      folder,
      publishedAs,
    });
  const publisher = (setup: Setup = {}): Publisher =>
    new Publisher({
      destination: destination(setup),
      template: TEMPLATE,
      onConflict: setup.onConflict ?? 'replace',
      limits: { maxBytes: 50 * MIB, timeoutMs: setup.timeoutMs ?? 10_000 },
      now,
    });
  const publish = (content: unknown, setup: Setup = {}): ReturnType<Publisher['publish']> =>
    publisher(setup).publish(content, name => REPORT.get(name), never);
  const goBetween = async (decide: Meddling): Promise<GoBetween> => {
    const proxy = await meddle(ftp.port, decide);
    running.push(proxy);
    return proxy;
  };
  const between = async (decide: Meddling): Promise<Partial<FtpServer>> => ({
    port: (await goBetween(decide)).port,
  });
  const stored = (name = NAME): Buffer => fs.readFileSync(path.join(ftp.root, name));

  it('uploads into new folders, and gives an address without login', async () => {
    const file = pdf({ padding: 300_000 });
    const { address, change, bytes } = await publish(file);
    assert.deepEqual([address, change], [`ftp://127.0.0.1:${ftp.port}/${NAME}`, 'created']);
    assert.equal(bytes, file.length);
    assert.ok(stored().equals(file));
    assert.deepEqual(ftp.files(), [NAME]);
  });

  it('below a folder, under the prefix that the platform knows', async () => {
    fs.mkdirSync(path.join(ftp.root, '报告 存档'));
    const setup = { folder: '报告 存档' };
    const { address } = await publish(pdf(), setup);
    assert.equal(address, `ftp://127.0.0.1:${ftp.port}/${encodeURIComponent('报告 存档')}/${NAME}`);
    assert.ok(stored(`报告 存档/${NAME}`).equals(pdf()));
    const other = await publish(pdf(), { ...setup, publishedAs: 'ftp://files.example.org/r/' });
    assert.deepEqual([other.address, other.change], [`ftp://files.example.org/r/${NAME}`, 'unchanged']);
  });

  it('keeps the same content, replaces or refuses other content', async () => {
    await publish(pdf({ text: 'a' }));
    const before = fs.statSync(path.join(ftp.root, NAME));
    assert.equal((await publish(pdf({ text: 'a' }))).change, 'unchanged');
    assert.equal(fs.statSync(path.join(ftp.root, NAME)).ino, before.ino, 'not written again');
    await assert.rejects(publish(pdf({ text: 'b' }), { onConflict: 'error' }), coded('BUSINESS', 'never'));
    assert.ok(stored().equals(pdf({ text: 'a' })));
    assert.equal((await publish(pdf({ text: 'b' }))).change, 'replaced');
    assert.ok(stored().equals(pdf({ text: 'b' })));
    assert.deepEqual(ftp.files(), [NAME]);
  });

  it('replaces on a server that renames over no file, as IIS does', async () => {
    await publish(pdf({ text: 'old' }));
    const exists = (name: string): boolean => fs.existsSync(path.join(ftp.root, name));
    const server = await between(command =>
      command.startsWith('RNTO ') && exists(command.slice(5)) ? { answer: '550 File exists.' } : 'pass',
    );
    assert.equal((await publish(pdf({ text: 'new' }), { server })).change, 'replaced');
    assert.ok(stored().equals(pdf({ text: 'new' })));
    assert.deepEqual(ftp.files(), [NAME]);
  });

  it('puts the old file back when the new one cannot get its name', async () => {
    await publish(pdf({ text: 'old' }));
    let renames = 0;
    const server = await between(command =>
      command === `RNTO ${NAME}` && ++renames <= 2 ? { answer: '550 Refused.' } : 'pass',
    );
    await assert.rejects(publish(pdf({ text: 'new' }), { server }), coded('CONFIG', 'never'));
    assert.equal(renames, 3);
    assert.ok(stored().equals(pdf({ text: 'old' })));
    assert.deepEqual(ftp.files(), [NAME]);
  });

  it('a connection that is cut during the upload leaves no half file under the name', async () => {
    const slow = await Vsftpd.start({ rate: 200_000 });
    running.push(slow);
    const uploading = publish(pdf({ padding: 2 * MIB }), { server: { port: slow.port } });
    const failed = assert.rejects(uploading, coded('TRANSPORT_UNKNOWN', 'retry'));
    while (!slow.files().some(name => fs.statSync(path.join(slow.root, name)).size > 0)) await pause(10);
    await slow.kill();
    await failed;
    const [left = '', ...others] = slow.files();
    assert.match(left, /^\.report-file-[\da-f-]{36}\.tmp$/);
    assert.deepEqual(others, []);
    assert.ok(fs.statSync(path.join(slow.root, left)).size < 2 * MIB);
  });

  it('a connection that is cut before the rename leaves none either, and the next try succeeds', async () => {
    const server = await between(command => (command.startsWith('RNTO') ? 'cut' : 'pass'));
    await assert.rejects(publish(pdf(), { server }), coded('TRANSPORT_UNKNOWN', 'retry'));
    assert.deepEqual(
      ftp.files().map(name => name.endsWith('.tmp')),
      [true],
    );
    assert.equal((await publish(pdf())).change, 'created');
  });

  it('removes temporary files of its own that are older than an hour', async () => {
    const old = '.report-file-00000000-0000-4000-8000-000000000000.tmp';
    const young = '.report-file-00000000-0000-4000-8000-000000000001.tmp';
    for (const name of [old, young, 'foreign.tmp', '.report-file-x.tmp']) {
      fs.writeFileSync(path.join(ftp.root, name), 'x');
      if (name !== young) fs.utimesSync(path.join(ftp.root, name), new Date(0), new Date(0));
    }
    await destination().tidy(never);
    assert.deepEqual(ftp.files(), ['.report-file-x.tmp', young, 'foreign.tmp'].toSorted());
  });

  it('a wrong password, a closed port, a missing folder and a silent server are told apart', async () => {
    const wrong = { password: 'wrong@test' };
    const failure = async (setup: Setup): Promise<Error> => {
      const outcome: unknown = await publish(pdf(), setup).catch((error: unknown) => error);
      assert.ok(outcome instanceof Error);
      assert.doesNotMatch(outcome.message, /wrong@test|right@test|TESTR0001/);
      return outcome;
    };
    coded('CONFIG', 'auth')(await failure({ server: wrong }));
    coded('TRANSPORT_NOT_SENT', 'retry')(await failure({ server: { port: await closedPort() } }));
    coded('CONFIG', 'never')(await failure({ folder: 'missing' }));
    const server = await between(command => (command.startsWith('SIZE') ? SILENCE : 'pass'));
    coded('TRANSPORT_UNKNOWN', 'retry')(await failure({ server, timeoutMs: 300 }));
    assert.deepEqual(ftp.files(), []);
  });

  it('stops, and hangs up, when the node closes', async () => {
    const closing = new AbortController();
    const proxy = await goBetween(command => {
      if (!command.startsWith('STOR')) return 'pass';
      closing.abort();
      return SILENCE;
    });
    const publishing = publisher({ server: { port: proxy.port } }).publish(pdf(), () => 'R1', closing.signal);
    await assert.rejects(publishing, coded('ABORTED'));
    await proxy.left(); // a client that stays is silent for 30 s first
    assert.deepEqual(ftp.files(), []);
  });

  it('refuses a folder that would smuggle a command', () => {
    assert.throws(() => destination({ folder: 'a\r\nDELE b' }), coded('CONFIG'));
  });

  describe('with explicit TLS', () => {
    let ftps: Vsftpd;
    before(async () => {
      ftps = await Vsftpd.start({ tls: certificate });
    });
    after(() => ftps?.close());
    const secure = (more: Partial<FtpServer> = {}): Partial<FtpServer> => ({
      port: ftps.port,
      secure: true,
      tls: { ca: certificate.cert },
      ...more,
    });

    it('uploads, compares and replaces, commands and data encrypted', async () => {
      const server = secure();
      const { address } = await publish(pdf({ padding: 200_000 }), { server });
      assert.equal(address, `ftps://127.0.0.1:${ftps.port}/${NAME}`);
      assert.equal((await publish(pdf({ padding: 200_000 }), { server })).change, 'unchanged');
      assert.equal((await publish(pdf({ text: 'b' }), { server })).change, 'replaced');
      assert.ok(fs.readFileSync(path.join(ftps.root, NAME)).equals(pdf({ text: 'b' })));
    });

    it('a certificate that nobody vouches for, and a server that demands TLS, are refusals', async () => {
      await assert.rejects(
        publish(pdf(), { server: { port: ftps.port, secure: true } }),
        coded('TLS', 'never'),
      );
      await assert.rejects(publish(pdf(), { server: secure({ secure: false }) }), coded('CONFIG', 'auth'));
      await assert.rejects(publish(pdf(), { server: { secure: true } }), coded('CONFIG'));
    });
  });

  describe('fetching', () => {
    const folder = temporaryFolder('fetch');
    after(() => fs.rmSync(folder, { recursive: true }));
    const fetch = (
      address: string,
      { maxBytes = 50 * MIB, timeoutMs = 10_000, logins = { '127.0.0.1': FTP_LOGIN } } = {},
    ): ReturnType<Fetcher['fetch']> =>
      new Fetcher({
        folder,
        template: '{file}.{ext}',
        onConflict: 'replace',
        limits: { maxBytes, timeoutMs },
        share: { publishedAs: '', folder: '' },
        ftpLogins: logins,
        tls: { ca: certificate.cert },
      }).fetch(address, () => undefined, never);
    const url = (name: string, login = ''): string => `ftp://${login}127.0.0.1:${ftp.port}/${name}`;

    it('brings a file, with the login of the node for its own host only', async () => {
      fs.mkdirSync(path.join(ftp.root, '存档'));
      fs.writeFileSync(path.join(ftp.root, '存档/报告 1.pdf'), pdf({ padding: 300_000 }));
      const address = url(encodeURI('存档/报告 1.pdf'));
      const { path: file, type, warnings } = await fetch(address);
      assert.deepEqual([file, type, warnings], [path.join(folder, '报告 1.pdf'), 'pdf', []]);
      assert.ok(fs.readFileSync(file).equals(pdf({ padding: 300_000 })));
      await assert.rejects(fetch(address, { logins: {} as never }), coded('CONFIG', 'auth'));
    });

    it('uses a login in the address, and warns of it', async () => {
      fs.writeFileSync(path.join(ftp.root, 'a.pdf'), pdf());
      const { warnings } = await fetch(url('a.pdf', 'anonymous:right%40test@'), { logins: {} as never });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.en ?? '', /user and password/);
    });

    it('over TLS', async () => {
      const ftps = await Vsftpd.start({ tls: certificate });
      running.push(ftps);
      fs.writeFileSync(path.join(ftps.root, 'secret.pdf'), pdf({ padding: 300_000 }));
      const { bytes } = await fetch(`ftps://127.0.0.1:${ftps.port}/secret.pdf`);
      assert.equal(bytes, pdf({ padding: 300_000 }).length);
    });

    it('refuses what is too large, of another type, missing or an attack; nothing is left', async () => {
      const before = fs.readdirSync(folder);
      fs.writeFileSync(path.join(ftp.root, 'large.pdf'), pdf({ padding: MIB }));
      fs.writeFileSync(path.join(ftp.root, 'text.pdf'), 'no PDF');
      await assert.rejects(fetch(url('large.pdf'), { maxBytes: 1000 }), coded('TOO_LARGE'));
      await assert.rejects(fetch(url('text.pdf')), coded('CONTRACT'));
      await assert.rejects(fetch(url('missing.pdf')), coded('CONFIG'));
      await assert.rejects(fetch(url('a%0D%0ADELE%20text.pdf')), coded('CONFIG'));
      await assert.rejects(fetch(url('%ff.pdf')), coded('CONTRACT'));
      assert.deepEqual(fs.readdirSync(folder), before);
      assert.ok(fs.existsSync(path.join(ftp.root, 'text.pdf')));
    });

    it('a refusal after the size was given is told at once', async () => {
      fs.writeFileSync(path.join(ftp.root, 'a.pdf'), pdf());
      const { port } = await between(command =>
        command.startsWith('RETR') ? { answer: '550 Permission denied.' } : 'pass',
      );
      await assert.rejects(fetch(`ftp://127.0.0.1:${port}/a.pdf`, { timeoutMs: 20_000 }), coded('CONFIG'));
    });

    it('a server that lies about the size does not get past the limit, a cut transfer is no file', async () => {
      fs.writeFileSync(path.join(ftp.root, 'large.pdf'), pdf({ padding: MIB }));
      const lying = await between(command => (command.startsWith('SIZE') ? { answer: '213 10' } : 'pass'));
      const address = `ftp://127.0.0.1:${lying.port}/large.pdf`;
      await assert.rejects(fetch(address, { maxBytes: 1000 }), coded('TOO_LARGE'));
      await assert.rejects(fetch(address), coded('TRANSPORT_UNKNOWN', 'retry'));
      const slow = await Vsftpd.start({ rate: 100_000 });
      running.push(slow);
      fs.writeFileSync(path.join(slow.root, 'slow.pdf'), pdf({ padding: 2 * MIB }));
      await assert.rejects(
        fetch(`ftp://127.0.0.1:${slow.port}/slow.pdf`, { timeoutMs: 500 }),
        coded('TRANSPORT_UNKNOWN', 'retry'),
      );
      assert.deepEqual(
        fs.readdirSync(folder).filter(name => /large|slow|\.tmp$/.test(name)),
        [],
      );
    });
  });
});
