/** Report files on our own HTTP server: who gets them, for how long, and how. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HttpShelf, type HttpShelfOptions } from '../../lib/report-file/http-shelf';
import { AllowedNetworks } from '../../lib/networks';
import { type Publication, Publisher } from '../../lib/report-file/publish';
import { coded, filesBelow, jpg, pdf, temporaryFolder } from '../support/report-files';
import { type Listening, listen } from '../support/raw-soap';

const MIB = 1024 * 1024;
const DAY = 86_400_000;
const KEY = 'a signing key of a test';
const START = new Date(2030, 0, 2).getTime();
const never = new AbortController().signal;

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('report files over HTTP', () => {
  let server: Listening;
  let shelf: HttpShelf;
  let folder: string;
  let clock = START;
  /** Of the shelf that is open: an earlier one may learn of its last caller's end later. */
  let sent = { files: 0 };
  before(async () => {
    // As Express does it: the path of the mount is gone.
    server = await listen((request, response) => {
      request.url = request.url?.replace(/^\/reports/, '') ?? '';
      shelf.handler(request, response);
    });
  });
  after(() => server.close());
  beforeEach(() => {
    folder = temporaryFolder('http');
    clock = START;
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const open = (options: Partial<HttpShelfOptions> = {}): HttpShelf => {
    const mine = (sent = { files: 0 });
    return (shelf = new HttpShelf({
      folder,
      publishedAs: `${new URL(server.url).origin}/reports`,
      expiryDays: 30,
      allowedNetworks: '',
      trustProxy: false,
      now: () => new Date(clock),
      onServed: () => mine.files++,
      ...options,
    }));
  };
  const publish = (file: Buffer, no = 'TESTR0001'): Promise<Publication> =>
    new Publisher({
      destination: shelf,
      template: 'x/{no}.{ext}',
      onConflict: 'replace',
      limits: { maxBytes: 60 * MIB, timeoutMs: 60_000 },
      now: () => new Date(clock),
    }).publish(file, () => no, never);
  const ask = (address: string, headers: http.OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = http.request(address, { method, headers, agent: false }, response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on('error', reject).end();
    });
  const status = async (address: string, headers: http.OutgoingHttpHeaders = {}): Promise<number> =>
    (await ask(address, headers)).status;

  /** The server knows of the end a moment after its caller. */
  const untilServed = async (): Promise<void> => {
    while (sent.files === 0) await nextTurn();
  };

  for (const signKey of [undefined, KEY]) {
    const kind = signKey ? 'signed' : 'random';
    const reopen = (options: Partial<HttpShelfOptions> = {}): HttpShelf =>
      open({ ...(signKey && { signKey }), ...options });

    describe(`with ${kind} addresses`, () => {
      it('serves what was published, and tells nothing of the report in the address', async () => {
        reopen();
        const file = pdf({ padding: 300_000 });
        const { address } = await publish(file);
        assert.match(address, /\/reports\/[\da-f]{32}\.pdf(\?e=\d+&s=[\w-]{43})?$/);
        assert.equal(address.includes('?'), signKey !== undefined);
        const { status: code, headers, body } = await ask(address);
        assert.equal(code, 200);
        assert.ok(body.equals(file));
        assert.deepEqual(
          [headers['content-type'], headers['content-length'], headers['cache-control']],
          ['application/pdf', String(file.length), 'no-store'],
        );
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.match(headers['content-disposition'] ?? '', /^inline; filename="[\da-f]{32}\.pdf"$/);
        await untilServed();
        const picture = await publish(jpg('x'), 'TESTR0002');
        assert.equal((await ask(picture.address)).headers['content-type'], 'image/jpeg');
      });

      it('answers HEAD without content and without counting', async () => {
        reopen();
        const { address } = await publish(pdf());
        const { status: code, headers, body } = await ask(address, {}, 'HEAD');
        assert.deepEqual([code, headers['content-length'], body.length], [200, String(pdf().length), 0]);
        assert.equal(sent.files, 0);
      });

      it('the same report keeps its address, also after a restart; a new version too', async () => {
        reopen();
        const { address } = await publish(pdf());
        clock += DAY;
        reopen();
        const again = await publish(pdf());
        assert.deepEqual([again.address, again.change], [address, 'unchanged']);
        const corrected = await publish(pdf({ text: 'corrected' }));
        assert.equal(corrected.change, 'replaced');
        assert.equal(new URL(corrected.address).pathname, new URL(address).pathname);
        for (const one of [address, corrected.address]) {
          assert.ok((await ask(one)).body.equals(pdf({ text: 'corrected' })));
        }
        assert.notEqual((await publish(pdf(), 'TESTR0002')).address, address);
      });

      it('expires to the second, and its file is removed', async () => {
        reopen();
        const { address } = await publish(pdf());
        clock = START + 30 * DAY - 1000;
        assert.equal(await status(address), 200);
        await shelf.tidy(never);
        assert.equal(await status(address), 200);
        clock = START + 30 * DAY;
        assert.equal(await status(address), 404);
        await shelf.tidy(never);
        assert.deepEqual(
          filesBelow(folder).filter(name => name.endsWith('.pdf')),
          [],
        );
      });

      it('published again late in its life, it lives on', async () => {
        reopen();
        await publish(pdf());
        clock += 20 * DAY;
        const { address, change } = await publish(pdf());
        assert.equal(change, 'unchanged');
        clock += 29 * DAY;
        await shelf.tidy(never);
        assert.equal(await status(address), 200);
      });

      it('never expires where that is set', async () => {
        reopen({ expiryDays: 0 });
        const { address } = await publish(pdf());
        clock += 10_000 * DAY;
        await shelf.tidy(never);
        assert.equal(await status(address), 200);
      });

      it('unknown, expired, forged and hostile addresses look all the same', async () => {
        reopen();
        const { address } = await publish(pdf());
        await publish(pdf({ text: 'old' }), 'OLD');
        const good = new URL(address);
        const changed = (edit: (url: URL) => void): string => {
          const url = new URL(good);
          edit(url);
          return url.href;
        };
        const name = path.basename(good.pathname);
        const bad = [
          changed(url => (url.pathname = `/reports/${'0'.repeat(32)}.pdf`)),
          changed(url => (url.pathname = `/reports/${name.replace('.pdf', '.jpg')}`)),
          changed(url => (url.pathname = `/reports/${name.toUpperCase()}`)),
          changed(url => (url.pathname = `/reports/${name.slice(0, 2)}/${name}`)),
          changed(url => (url.pathname = `/reports/${name}/`)),
          changed(url => (url.pathname = '/reports/')),
          changed(url => (url.pathname = '/reports/.report-file-key')),
          `${good.origin}/reports/%2e%2e/%2e%2e/etc/passwd`,
          `${good.origin}/reports/..%2f..%2fetc%2fpasswd`,
          `${good.origin}/reports/%00`,
          `${good.origin}/reports//[`,
        ];
        if (signKey) {
          const later = String(Number(good.searchParams.get('e')) + 1);
          bad.push(
            changed(url => (url.search = '')),
            changed(url => url.searchParams.set('e', later)),
            changed(url => url.searchParams.set('e', '0')),
            changed(url => url.searchParams.delete('e')),
            changed(url => url.searchParams.set('s', '')),
            changed(url => url.searchParams.set('s', `${good.searchParams.get('s')}A`)),
            changed(url => url.searchParams.set('s', 'A'.repeat(43))),
          );
        }
        const answers = await Promise.all(bad.map(one => ask(one)));
        const seen = answers.map(({ status: code, headers: { date: _date, ...headers }, body }) =>
          JSON.stringify([code, headers, body.toString()]),
        );
        assert.deepEqual(new Set(seen).size, 1, [...new Set(seen)].join('\n'));
        assert.equal(answers[0]?.status, 404);
        clock += 31 * DAY;
        const { status: code, headers, body } = await ask(address);
        const { date: _date, ...rest } = headers;
        assert.equal(JSON.stringify([code, rest, body.toString()]), seen[0]);
        assert.equal(sent.files, 0);
      });

      it('a link in the folder is not followed', async () => {
        reopen();
        const { address } = await publish(pdf());
        const name = path.basename(new URL(address).pathname);
        const file = path.join(folder, name.slice(0, 2), name);
        fs.writeFileSync(path.join(folder, 'secret'), 'secret');
        fs.rmSync(file);
        fs.symlinkSync(path.join(folder, 'secret'), file);
        assert.equal(await status(address), 404);
        const elsewhere = path.join(folder, 'elsewhere');
        fs.mkdirSync(elsewhere);
        fs.writeFileSync(path.join(elsewhere, name), 'secret');
        fs.rmSync(path.dirname(file), { recursive: true });
        fs.symlinkSync(elsewhere, path.dirname(file));
        assert.equal(await status(address), 404);
      });
    });
  }

  it('a signature of another key is no signature', async () => {
    open({ signKey: KEY });
    const { address } = await publish(pdf());
    open({ signKey: `${KEY}!` });
    await publish(pdf());
    assert.equal(await status(address), 404);
  });

  it('random names of two folders differ, and their key is nobody else’s to read', async () => {
    open();
    const { address } = await publish(pdf());
    assert.equal(fs.statSync(path.join(folder, '.report-file-key')).mode & 0o777, 0o600);
    fs.rmSync(path.join(folder, '.report-file-key'));
    open();
    assert.notEqual((await publish(pdf())).address, address);
  });

  it('a damaged key is a fault, not a key', async () => {
    fs.writeFileSync(path.join(folder, '.report-file-key'), 'short');
    open();
    await assert.rejects(publish(pdf()), coded('CONFIG'));
    assert.deepEqual(filesBelow(folder), ['.report-file-key']);
  });

  it('two at once on a new folder agree on its key', async () => {
    const drafts = Array.from({ length: 8 }, () => open().draft('a.pdf'));
    assert.equal(new Set(await Promise.all(drafts)).size, 1);
  });

  describe('ranges', () => {
    const file = pdf({ padding: 1000 });
    let address: string;
    beforeEach(async () => {
      open();
      ({ address } = await publish(file));
    });
    const last = file.length - 1;
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=5-9', 5, 9],
      ['bytes=100-', 100, last],
      [`bytes=100-${last + 50}`, 100, last],
      ['bytes=-7', last - 6, last],
      [`bytes=-${last * 2}`, 0, last],
    ];
    for (const [range, start, end] of ranges) {
      it(range, async () => {
        const { status: code, headers, body } = await ask(address, { range });
        assert.equal(code, 206);
        assert.equal(headers['content-range'], `bytes ${start}-${end}/${file.length}`);
        assert.ok(body.equals(file.subarray(start, end + 1)));
      });
    }
    for (const range of [
      'bytes=0-1,3-4',
      'bytes=9-5',
      'bytes=-',
      'bytes=a-b',
      'lines=0-1',
      'bytes 0-1',
      '',
    ]) {
      it(`whole for ${range || 'an empty one'}`, async () => {
        const { status: code, body } = await ask(address, { range });
        assert.deepEqual([code, body.length], [200, file.length]);
      });
    }
    it('whole under a condition, since no version is named', async () => {
      assert.equal(await status(address, { range: 'bytes=0-0', 'if-range': '"x"' }), 200);
    });
    for (const range of [`bytes=${last + 1}-`, 'bytes=-0']) {
      it(`none for ${range}`, async () => {
        const { status: code, headers, body } = await ask(address, { range });
        assert.deepEqual([code, headers['content-range'], body.length], [416, `bytes */${file.length}`, 0]);
      });
    }
  });

  it('other methods are refused before anything is looked up', async () => {
    open();
    const { address } = await publish(pdf());
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const url of [address, address.replace(/[\da-f]{32}/, '0'.repeat(32))]) {
        const { status: code, headers } = await ask(url, {}, method);
        assert.deepEqual([code, headers.allow], [405, 'GET, HEAD']);
      }
    }
  });

  describe('allowed networks', () => {
    it('others are refused whatever they ask for', async () => {
      open({ allowedNetworks: '10.0.0.0/8' });
      const { address } = await publish(pdf());
      assert.equal(await status(address), 403);
      assert.equal(await status(address.replace(/[\da-f]{32}/, '0'.repeat(32))), 403);
      open({ allowedNetworks: '10.0.0.0/8, 127.0.0.1' });
      assert.equal(await status(address), 200);
    });

    it('X-Forwarded-For counts only with a trusted proxy, and then the proxy’s own entry', async () => {
      open({ allowedNetworks: '10.0.0.0/8' });
      const { address } = await publish(pdf());
      assert.equal(await status(address, { 'x-forwarded-for': '10.0.0.1' }), 403);
      open({ allowedNetworks: '10.0.0.0/8', trustProxy: true });
      assert.equal(await status(address, { 'x-forwarded-for': '10.0.0.1' }), 200);
      assert.equal(await status(address, { 'x-forwarded-for': '8.8.8.8, 10.0.0.1' }), 200);
      assert.equal(await status(address, { 'x-forwarded-for': '10.0.0.1, 8.8.8.8' }), 403);
      assert.equal(await status(address, { 'x-forwarded-for': 'unknown' }), 403);
      assert.equal(await status(address), 403);
    });

    for (const [list, address, admitted] of [
      ['', undefined, true],
      ['10.0.0.0/8', '10.255.0.1', true],
      ['10.0.0.0/8', '11.0.0.1', false],
      ['10.0.0.0/8', '::ffff:10.1.2.3', true],
      ['10.0.0.0/8', '::ffff:11.1.2.3', false],
      ['10.0.0.0/8', undefined, false],
      ['10.0.0.0/8', 'nonsense', false],
      ['192.168.1.7', '192.168.1.7', true],
      ['192.168.1.7/32；172.16.0.0/12', '172.31.255.255', true],
      ['192.168.1.7', '192.168.1.8', false],
      ['fd00::/8', 'fd12::1', true],
      ['fd00::/8', 'fe80::1%eth0', false],
      ['fe80::/10', 'fe80::1%eth0', true],
      ['::1', '[::1]:4711', true],
      ['10.0.0.1', '10.0.0.1:4711', true],
      ['0.0.0.0/0', '8.8.8.8', true],
      ['0.0.0.0/0', '::1', false],
    ] as const) {
      it(`${list || 'any'} ${admitted ? 'admits' : 'refuses'} ${address}`, () =>
        assert.equal(new AllowedNetworks(list).admits(address), admitted));
    }

    for (const wrong of [
      '10.0.0.0/33',
      '10.0.0/8',
      'fd00::/129',
      'localhost',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      '*',
    ]) {
      it(`knows that ${wrong} is no network`, () =>
        assert.throws(() => new AllowedNetworks(wrong), coded('CONFIG')));
    }
  });

  it('an address beyond 256 characters stops before anything is stored', async () => {
    open({ publishedAs: `http://${'h'.repeat(220)}/reports` });
    await assert.rejects(publish(pdf()), coded('CONTRACT'));
    assert.deepEqual(filesBelow(folder), ['.report-file-key']);
  });

  it('a caller who leaves half-way is not counted, and the next one is served', async () => {
    open();
    const { address } = await publish(pdf({ padding: 40 * MIB }));
    await new Promise<void>(resolve => {
      const request = http.get(address, { agent: false }, response => {
        response.once('data', () => request.destroy());
        response.on('error', () => {}).on('close', () => resolve());
      });
    });
    assert.equal(await status(address), 200);
    await untilServed();
    assert.equal(sent.files, 1);
  });
});
