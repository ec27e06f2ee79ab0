/** Report files from addresses that come from outside. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { type FetchedReport, Fetcher, type FetcherOptions } from '../../lib/report-file/fetch';
import {
  answering,
  closedPort,
  cutAnswer,
  halfOpen,
  http,
  makeCertificates,
  misbehave,
  resetBeforeAnswer,
  trickle,
  type Behaviour,
} from '../support/misbehaving-server';
import { listen } from '../support/raw-soap';
import { coded, filesBelow, jpg, pdf, temporaryFolder } from '../support/report-files';

const MIB = 1024 * 1024;
const never = new AbortController().signal;

describe('fetching report files', () => {
  const running: { close(): Promise<void> }[] = [];
  let folder: string;
  let share: string;
  beforeEach(() => {
    folder = temporaryFolder('fetched');
    share = temporaryFolder('mounted');
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close();
    for (const one of [folder, share]) fs.rmSync(one, { recursive: true });
  });

  const fetch = (
    address: unknown,
    options: Partial<FetcherOptions> = {},
    signal = never,
  ): Promise<FetchedReport> =>
    new Fetcher({
      folder,
      template: '{no}.{ext}',
      onConflict: 'replace',
      limits: { maxBytes: MIB, timeoutMs: 5000 },
      share: { publishedAs: '\\\\fileserver\\reports', folder: share },
      ftpLogins: {},
      ...options,
    }).fetch(address, name => (name === 'no' ? 'TESTR0001' : undefined), signal);
  const behaving = async (behaviour: Behaviour): Promise<string> => {
    const server = await misbehave(behaviour);
    running.push(server);
    return `http://127.0.0.1:${server.port}/r/a%20b.pdf?id=1`;
  };
  const serving = async (handler: RequestListener): Promise<string> => {
    const server = await listen(handler);
    running.push(server);
    return server.url;
  };
  const nothingLeft = (): void => assert.deepEqual(filesBelow(folder), []);

  describe('within the allowed networks alone', () => {
    const inside = { allowedNetworks: '127.0.0.0/8, ::1' };
    const outside = { allowedNetworks: '10.0.0.0/8' };

    it('brings the file of a host inside, by number and by name', async () => {
      const address = await behaving(answering(http(200, pdf())));
      await fetch(address, inside);
      const byName = await fetch(address.replace('127.0.0.1', 'localhost'), inside);
      assert.equal(byName.outcome, 'accepted');
    });
    it('asks no host outside, whatever names it', async () => {
      let asked = 0;
      const address = await serving((_request, response) => {
        asked++;
        response.end(pdf());
      });
      const { port } = new URL(address);
      for (const host of ['127.0.0.1', 'localhost', '127.1', '0x7f000001', '[::ffff:127.0.0.1]'])
        for (const scheme of ['http', 'ftp', 'ftps'])
          await assert.rejects(
            fetch(`${scheme}://${host}:${port}/a.pdf`, outside),
            coded('CONTRACT', 'never'),
          );
      assert.equal(asked, 0);
      nothingLeft();
    });
    it('is a fault of the settings when a network is none', () => {
      assert.throws(() => fetch('http://127.0.0.1/', { allowedNetworks: 'x' }), coded('CONFIG'));
    });
  });

  describe('over http', () => {
    it('brings the file', async () => {
      const address = await behaving(answering(http(200, pdf())));
      const { path: file, type, change, outcome, warnings } = await fetch(address);
      assert.deepEqual(
        [file, type, change, outcome],
        [path.join(folder, 'TESTR0001.pdf'), 'pdf', 'created', 'accepted'],
      );
      assert.deepEqual(warnings, []);
      assert.ok(fs.readFileSync(file).equals(pdf()));
      assert.equal((await fetch(address)).change, 'unchanged');
      assert.equal(
        (await fetch(address, { template: 'x/{file}.{ext}' })).path,
        path.join(folder, 'x/a b.pdf'),
      );
    });

    it('the type is that of the content, not of the address', async () => {
      const address = await behaving(answering(http(200, jpg('x'))));
      assert.equal((await fetch(address)).path, path.join(folder, 'TESTR0001.jpg'));
    });

    it('other content under one name is replaced or refused', async () => {
      let text = 'a';
      const address = await serving((_request, response) => response.end(pdf({ text })));
      await fetch(address);
      text = 'b';
      await assert.rejects(fetch(address, { onConflict: 'error' }), coded('BUSINESS'));
      const { change, path: file } = await fetch(address);
      assert.equal(change, 'replaced');
      assert.ok(fs.readFileSync(file).equals(pdf({ text: 'b' })));
      assert.deepEqual(filesBelow(folder), ['TESTR0001.pdf']);
    });

    it('sends a login of the address as Basic, and warns of it', async () => {
      const address = await serving((request, response) => {
        const good = request.headers.authorization === `Basic ${Buffer.from('u:p@w').toString('base64')}`;
        response.writeHead(good ? 200 : 401).end(pdf());
      });
      const { warnings } = await fetch(address.replace('://', '://u:p%40w@'));
      assert.match(warnings[0]?.zh ?? '', /用户名和密码/);
      await assert.rejects(fetch(address), coded('HTTP_STATUS', 'auth'));
    });

    it('follows no redirect', async () => {
      let asked = 0;
      const elsewhere = await serving((_request, response) => {
        asked++;
        response.end(pdf());
      });
      for (const status of [301, 302, 303, 307, 308]) {
        const address = await behaving(answering(http(status, '', { location: elsewhere })));
        await assert.rejects(fetch(address), coded('HTTP_STATUS', 'never'));
      }
      assert.equal(asked, 0);
      nothingLeft();
    });

    for (const [status, retry] of [
      [404, 'never'],
      [403, 'auth'],
      [408, 'retry'],
      [429, 'retry'],
      [500, 'retry'],
      [503, 'retry'],
      [204, 'never'],
      [206, 'never'],
    ] as const) {
      it(`status ${status} is ${retry}`, async () => {
        const address = await behaving(answering(http(status, pdf())));
        await assert.rejects(fetch(address), coded('HTTP_STATUS', retry));
        nothingLeft();
      });
    }

    it('stops at the limit, announced or not', async () => {
      let sent = 0;
      const announced = await behaving(answering(http(200, pdf({ padding: MIB }))));
      const endless = await serving((_request, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, '%PDF-'))) sent += 65_536;
        };
        response.on('drain', more);
        more();
      });
      for (const address of [announced, endless]) {
        await assert.rejects(fetch(address), coded('TOO_LARGE', 'never'));
      }
      assert.ok(sent < 32 * MIB, 'it was not read to the end');
      nothingLeft();
    });

    it('a trickle ends at the deadline', async () => {
      const address = await behaving(trickle(http(200, pdf({ padding: 100_000 }))));
      const started = Date.now();
      const limits = { maxBytes: MIB, timeoutMs: 500 };
      await assert.rejects(fetch(address, { limits }), coded('TRANSPORT_UNKNOWN', 'retry'));
      assert.ok(Date.now() - started < 1500);
      nothingLeft();
    });

    it('silence, a reset and a cut answer are no file', async () => {
      const limits = { maxBytes: MIB, timeoutMs: 300 };
      const failing: [Behaviour, string][] = [
        [halfOpen, 'TRANSPORT_UNKNOWN'],
        [resetBeforeAnswer, 'TRANSPORT_UNKNOWN'],
        [cutAnswer(http(200, pdf({ padding: 1000 })), 500, 'reset'), 'TRANSPORT_UNKNOWN'],
        [cutAnswer(http(200, pdf({ padding: 1000 })), 500, 'end'), 'TRANSPORT_UNKNOWN'],
      ];
      for (const [behaviour, code] of failing) {
        await assert.rejects(fetch(await behaving(behaviour), { limits }), coded(code, 'retry'));
      }
      await assert.rejects(
        fetch(`http://127.0.0.1:${await closedPort()}/a.pdf`),
        coded('TRANSPORT_NOT_SENT', 'retry'),
      );
      nothingLeft();
    });

    it('ends when the node closes', async () => {
      const closing = new AbortController();
      const address = await behaving(() => closing.abort());
      await assert.rejects(fetch(address, {}, closing.signal), coded('ABORTED'));
      await assert.rejects(fetch(address, {}, closing.signal), coded('ABORTED'));
      nothingLeft();
    });

    it('what is no report, encrypted or unfinished is not kept', async () => {
      for (const file of [
        Buffer.from('<html>login</html>'),
        pdf({ trailer: '/Encrypt 9 0 R' }),
        pdf().subarray(0, 100),
        Buffer.alloc(0),
      ]) {
        await assert.rejects(fetch(await behaving(answering(http(200, file)))), coded('CONTRACT'));
      }
      nothingLeft();
    });

    it('https with a certificate that the node’s CA vouches for', async function () {
      this.timeout(60_000);
      const { ca, good, selfSigned } = makeCertificates();
      const trusted = await misbehave(answering(http(200, pdf())), good);
      const strange = await misbehave(answering(http(200, pdf())), selfSigned);
      running.push(trusted, strange);
      assert.equal((await fetch(trusted.url, { tls: { ca } })).type, 'pdf');
      await assert.rejects(fetch(trusted.url), coded('TLS', 'never'));
      await assert.rejects(fetch(strange.url, { tls: { ca } }), coded('TLS', 'never'));
    });

    it('at most four at once', async () => {
      let [now, most] = [0, 0];
      const address = await serving((_request, response) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          response.end(pdf());
        }, 20);
      });
      const fetcher = new Fetcher({
        folder,
        template: '{file}.{ext}',
        onConflict: 'replace',
        limits: { maxBytes: MIB, timeoutMs: 5000 },
        share: { publishedAs: '', folder: '' },
        ftpLogins: {},
      });
      await Promise.all(
        Array.from({ length: 12 }, (_none, index) =>
          fetcher.fetch(address.replace('Booking', String(index)), () => '', never),
        ),
      );
      assert.equal(most, 4);
      assert.equal(filesBelow(folder).length, 12);
    });
  });

  describe('from the mounted share', () => {
    beforeEach(() => {
      fs.mkdirSync(path.join(share, '2030'));
      fs.writeFileSync(path.join(share, '2030/报告.pdf'), pdf());
    });

    it('by the name of the share, in any case and spelling, or by the path here', async () => {
      for (const address of [
        '\\\\fileserver\\reports\\2030\\报告.pdf',
        '\\\\FILESERVER\\Reports\\2030\\报告.pdf',
        '//fileserver/reports/2030/报告.pdf',
        ' \\\\fileserver\\reports\\\\2030/报告.pdf ',
        path.join(share, '2030/报告.pdf'),
      ]) {
        const { path: file } = await fetch(address, { template: '{file}.{ext}' });
        assert.equal(file, path.join(folder, '报告.pdf'), address);
      }
    });

    it('nothing outside it', async () => {
      const outside = path.join(folder, 'outside.pdf');
      fs.writeFileSync(outside, pdf());
      fs.symlinkSync(outside, path.join(share, 'link.pdf'));
      fs.symlinkSync(folder, path.join(share, 'linked'));
      const base = path.basename(folder);
      for (const address of [
        '\\\\evil\\reports\\2030\\报告.pdf',
        '\\\\fileserver\\reports2\\x.pdf',
        '\\\\fileserver\\reports',
        '\\\\fileserver\\reports\\',
        `\\\\fileserver\\reports\\..\\${base}\\outside.pdf`,
        `\\\\fileserver\\reports\\2030\\..\\..\\${base}\\outside.pdf`,
        '\\\\fileserver\\reports\\link.pdf',
        '\\\\fileserver\\reports\\linked\\outside.pdf',
        '\\\\fileserver\\reports\\2030\\报告.pdf:stream',
        '\\\\fileserver\\reports\\2030',
        outside,
        '/etc/passwd',
        `${share}/../${base}/outside.pdf`,
        'C:\\windows\\x.pdf',
      ]) {
        await assert.rejects(
          fetch(address, { template: 'fetched/{no}.{ext}' }),
          coded('CONTRACT', 'never'),
          address,
        );
      }
      assert.equal(fs.existsSync(path.join(folder, 'fetched')), false);
    });

    it('a file that is not there yet may come', async () => {
      await assert.rejects(fetch('\\\\fileserver\\reports\\2031\\x.pdf'), coded('CONTRACT', 'retry'));
    });

    it('none at all where no share is set', async () => {
      const none = { share: { publishedAs: '', folder: '' } };
      for (const address of ['\\\\fileserver\\reports\\x.pdf', path.join(share, '2030/报告.pdf')]) {
        await assert.rejects(fetch(address, none), coded('CONFIG'));
      }
    });
  });

  for (const address of [
    '',
    'report.pdf',
    'file:///etc/passwd',
    'gopher://h/x',
    'http://',
    'javascript:x',
    5,
    null,
    {},
  ]) {
    it(`is no address: ${JSON.stringify(address)}`, async () => {
      await assert.rejects(fetch(address), coded('CONTRACT', 'never'));
      nothingLeft();
    });
  }
});
