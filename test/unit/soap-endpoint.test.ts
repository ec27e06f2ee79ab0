import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import zlib from 'node:zlib';
import { ExchangeError } from '../../lib/errors';
import { SoapEndpoint, SoapFault, type SoapCall, type SoapEndpointOptions } from '../../lib/soap/endpoint';
import { encodeGbk } from '../support/gbk';
import { buildRequest, parseEnvelope, readResult } from '../../lib/wire/soap-envelope';
import {
  deferred,
  envelope,
  exchangeBytes,
  listen,
  request,
  SOAP11,
  SOAP12,
  type Listening,
  type RawAnswer,
} from '../support/raw-soap';

const NS = 'http://tempuri.org/';
const INNER = '<root><a>测试甲</a></root>';
const ESCAPED = INNER.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const call = (parameters: string): string => envelope(`<Deal xmlns="${NS}">${parameters}</Deal>`);
const PLAIN = call(`<msgHeader>${ESCAPED}</msgHeader><msgBody>b</msgBody>`);

const faultReason = (answer: RawAnswer): string => {
  const fault = parseEnvelope(answer.text);
  assert.equal(fault.kind, 'fault', answer.text);
  assert.doesNotMatch(answer.text, /\bat \/|node:internal|\.ts:\d/, 'a stack got out');
  return fault.kind === 'fault' ? `${fault.code} ${fault.reason}` : '';
};

const resultOf = (answer: RawAnswer): string => {
  assert.equal(answer.status, 200, answer.text);
  const read = readResult(answer.text, 'Deal');
  assert.equal(read.kind, 'result', answer.text);
  return read.kind === 'result' ? read.result : '';
};

const declared = (charset: string): string => PLAIN.replace('utf-8', charset);

const address = (answer: RawAnswer): string[] =>
  [...answer.text.matchAll(/:address location="([^"]*)"/g)].map(([, location]) => location ?? '');

describe('soap endpoint', () => {
  let server: Listening;
  let endpoint: SoapEndpoint;
  let calls: SoapCall[];

  const start = async (options: Partial<SoapEndpointOptions> = {}): Promise<void> => {
    calls = [];
    endpoint = new SoapEndpoint({
      serviceName: 'Booking',
      operations: [{ name: 'Deal', parameters: ['msgHeader', 'msgBody'] }],
      handle: received => {
        calls.push(received);
        return Promise.resolve(`${received.parameters['msgHeader']}|${received.parameters['msgBody']}`);
      },
      ...options,
    });
    server = await listen(endpoint.handler);
  };
  const restart = async (options: Partial<SoapEndpointOptions>): Promise<void> => {
    await server.close();
    await start(options);
  };
  const post = (body: string | Buffer, headers?: http.OutgoingHttpHeaders): Promise<RawAnswer> =>
    request(server.url, { body, ...(headers && { headers }) });

  const get = (path: string, headers: http.OutgoingHttpHeaders = {}): Promise<RawAnswer> =>
    request(`http://127.0.0.1:${server.port}${path}`, { method: 'GET', headers });

  const behind = async (
    body: unknown,
    headers: http.OutgoingHttpHeaders = {},
    consume = true,
  ): Promise<RawAnswer> => {
    const mounted = await listen((received, response) => {
      const handle = (): void => endpoint.handler(Object.assign(received, { body }), response);
      if (consume) received.on('end', handle).resume();
      else handle();
    });
    try {
      return await request(mounted.url, {
        body: PLAIN,
        headers: { 'Content-Type': 'text/xml', ...headers },
      });
    } finally {
      await mounted.close();
    }
  };

  beforeEach(() => start());
  afterEach(async () => {
    assert.equal(resultOf(await alive()), `${INNER}|b`, 'the endpoint died');
    await server.close();
  });
  const alive = async (): Promise<RawAnswer> => {
    await restart({});
    return post(PLAIN);
  };

  it('hears nobody whose address is not admitted, and tells them nothing', async () => {
    const asked: (string | undefined)[] = [];
    await restart({
      admits: received => {
        asked.push(received.socket.remoteAddress);
        return false;
      },
    });
    for (const answer of [await post(PLAIN), await get('/svc/Booking.asmx?wsdl')])
      assert.deepEqual([answer.status, answer.text], [403, 'not from this address\n']);
    assert.deepEqual([asked, calls], [['127.0.0.1', '127.0.0.1'], []]);
  });

  describe('versions and headers', () => {
    for (const [what, headers] of [
      ['a quoted SOAPAction', { SOAPAction: `"${NS}Deal"` }],
      ['an unquoted one', { SOAPAction: `${NS}Deal` }],
      ['an empty one', { SOAPAction: '""' }],
      ['none', {}],
      ['one of another method', { SOAPAction: '"urn:other"' }],
    ] as const) {
      it(`dispatches by the body with ${what}`, async () => {
        const answer = await post(PLAIN, { 'Content-Type': 'text/xml; charset=utf-8', ...headers });
        assert.equal(resultOf(answer), `${INNER}|b`);
        assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8');
        assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)));
      });
    }

    it('answers SOAP 1.2 in SOAP 1.2', async () => {
      const body = buildRequest('1.2', NS, 'Deal', [
        ['msgHeader', INNER],
        ['msgBody', 'b'],
      ]);
      const answer = await post(body, {
        'Content-Type': `application/soap+xml; charset=utf-8; action="${NS}Deal"`,
      });
      assert.equal(resultOf(answer), `${INNER}|b`);
      assert.equal(answer.headers['content-type'], 'application/soap+xml; charset=utf-8');
      assert.match(answer.text, new RegExp(SOAP12));
      assert.equal(calls[0]?.version, '1.2');
    });

    it('reads an envelope under any content type, or none', async () => {
      for (const type of ['application/xml', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
        assert.equal(resultOf(await post(PLAIN, { 'Content-Type': type })), `${INNER}|b`, type);
      }
      assert.equal(resultOf(await post(PLAIN, {})), `${INNER}|b`);
    });

    it('serves a caller that waits for 100 Continue, and keeps the connection', async () => {
      const head = (more: string): string =>
        `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\nExpect: 100-continue\r\n${more}Content-Length: ${Buffer.byteLength(PLAIN)}\r\n\r\n`;
      const answer = await exchangeBytes(
        server.port,
        `${head('')}${PLAIN}${head('Connection: close\r\n')}${PLAIN}`,
      );
      assert.equal(answer.match(/HTTP\/1\.1 100 Continue/g)?.length, 2);
      assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
    });

    it('tells whether the call was encrypted, and where it came from', async () => {
      await post(PLAIN);
      await post(PLAIN, { 'X-Forwarded-Proto': 'https' });
      assert.deepEqual(
        calls.map(received => received.encryptedTransport),
        [false, true],
      );
      assert.equal(calls[0]?.remoteAddress, '127.0.0.1');
    });
  });

  describe('parameters', () => {
    for (const [what, body, expected] of [
      ['escaped text', call(`<msgHeader>${ESCAPED}</msgHeader><msgBody>1</msgBody>`), `${INNER}|1`],
      ['another order', call(`<msgBody>1</msgBody><msgHeader>${ESCAPED}</msgHeader>`), `${INNER}|1`],
      ['another case', call(`<MsgHeader>${ESCAPED}</MsgHeader><MSGBODY>1</MSGBODY>`), `${INNER}|1`],
      [
        'CDATA',
        call(`<msgHeader><![CDATA[<?xml version="1.0"?>${INNER}]]></msgHeader><msgBody/>`),
        `<?xml version="1.0"?>${INNER}|`,
      ],
      [
        'split CDATA',
        call('<msgHeader><![CDATA[a]]]]><![CDATA[>b]]></msgHeader><msgBody>1</msgBody>'),
        'a]]>b|1',
      ],
      [
        'text around CDATA',
        call('<msgHeader>&lt;a&gt;<![CDATA[<b/>]]>&lt;/a&gt;</msgHeader><msgBody>1</msgBody>'),
        '<a><b/></a>|1',
      ],
      ['literal XML', call(`<msgHeader>\n${INNER}\n</msgHeader><msgBody>1</msgBody>`), `${INNER}|1`],
      [
        'prefixes',
        envelope(`<t:Deal xmlns:t="${NS}"><t:msgHeader>h</t:msgHeader><t:msgBody>1</t:msgBody></t:Deal>`),
        'h|1',
      ],
      [
        'unqualified parameters',
        envelope(`<t:Deal xmlns:t="${NS}"><msgHeader>h</msgHeader><msgBody>1</msgBody></t:Deal>`),
        'h|1',
      ],
      [
        'a foreign namespace',
        envelope('<Deal xmlns="urn:else"><msgHeader>h</msgHeader><msgBody>1</msgBody></Deal>'),
        'h|1',
      ],
      ['no namespace', envelope('<deal><msgHeader>h</msgHeader><msgBody>1</msgBody></deal>'), 'h|1'],
      ['arg0 and arg1', envelope('<n:Deal xmlns:n="urn:x"><arg1>1</arg1><arg0>h</arg0></n:Deal>'), 'h|1'],
      ['an absent one', call('<msgBody>1</msgBody>'), 'null|1'],
      [
        'nil',
        call(
          '<msgHeader xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/><msgBody>1</msgBody>',
        ),
        'null|1',
      ],
      [
        'strangers beside them',
        call('<__proto__>x</__proto__><other/><msgHeader>h</msgHeader><msgBody>1</msgBody>'),
        'h|1',
      ],
    ] as const) {
      it(`takes ${what}`, async () => assert.equal(resultOf(await post(body)), expected));
    }

    it('gives line breaks, 4-byte characters and ]]> back as they came', async () => {
      const hard = '第一行\r\n第二行\t😀𠮷 ]]> & \u00a0';
      const body = buildRequest('1.1', NS, 'Deal', [
        ['msgHeader', hard],
        ['msgBody', ''],
      ]);
      assert.equal(resultOf(await post(body)), `${hard}|`);
    });
  });

  describe('charsets and compression', () => {
    for (const [what, body, contentType] of [
      ['GBK by Content-Type', encodeGbk(PLAIN), 'text/xml; charset=GBK'],
      ['GB2312 in quotes', encodeGbk(PLAIN), 'text/xml; charset="gb2312"'],
      ['GB18030 by declaration', encodeGbk(declared('gb18030')), 'text/xml'],
      ['UTF-16 with BOM', Buffer.from(`\ufeff${declared('utf-16')}`, 'utf16le'), 'text/xml; charset=utf-16'],
      ['UTF-16BE without BOM', Buffer.from(PLAIN, 'utf16le').swap16(), 'text/xml; charset=utf-16'],
      ['a UTF-8 BOM', Buffer.from(`\ufeff${PLAIN}`), 'text/xml; charset=utf-8'],
      ['UTF-8 without a word about it', Buffer.from(PLAIN.replace(/<\?.*?\?>/, '')), 'text/xml'],
    ] as const) {
      it(`reads ${what} and answers in UTF-8`, async () => {
        const answer = await post(body, { 'Content-Type': contentType });
        assert.equal(resultOf(answer), `${INNER}|b`);
        assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8');
      });
    }

    it('answers an unknown charset with a fault', async () => {
      assert.match(
        faultReason(await post(PLAIN, { 'Content-Type': 'text/xml; charset=ebcdic' })),
        /Client.*ebcdic/,
      );
    });

    for (const [encoding, packed] of [
      ['gzip', zlib.gzipSync(PLAIN)],
      ['x-gzip', zlib.gzipSync(PLAIN)],
      ['deflate', zlib.deflateSync(PLAIN)],
      ['deflate', zlib.deflateRawSync(PLAIN)],
      ['identity', Buffer.from(PLAIN)],
    ] as const) {
      it(`unpacks ${encoding} of ${packed.length} bytes`, async () => {
        assert.equal(resultOf(await post(packed, { 'Content-Encoding': encoding })), `${INNER}|b`);
      });
    }

    it('outlives damaged, truncated and foreign compression', async () => {
      const gzipped = zlib.gzipSync(PLAIN);
      for (const body of [
        Buffer.from(PLAIN),
        gzipped.subarray(0, 60),
        Buffer.alloc(0),
        Buffer.concat([gzipped.subarray(0, 40), Buffer.alloc(80, 7)]),
      ]) {
        const answer = await post(body, { 'Content-Encoding': 'gzip' });
        assert.equal(answer.status, 500);
        assert.match(faultReason(answer), /Client.*damaged/);
      }
      assert.equal((await post(PLAIN, { 'Content-Encoding': 'deflate' })).status, 500);
      assert.equal((await post(PLAIN, { 'Content-Encoding': 'br' })).status, 415);
      assert.equal(resultOf(await post(PLAIN)), `${INNER}|b`);
    });

    it('stops a gzip bomb at the limit', async () => {
      const bomb = zlib.gzipSync(Buffer.alloc(70 * 1024 * 1024, ' '));
      const before = process.memoryUsage.rss();
      const answer = await post(bomb, { 'Content-Encoding': 'gzip' });
      assert.equal(answer.status, 413);
      assert.match(faultReason(answer), /too large/);
      assert.ok(process.memoryUsage.rss() - before < 150 * 1024 * 1024);
    });
  });

  describe('hostile and broken requests', () => {
    for (const [what, body, reason] of [
      ['a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${call('<msgHeader>&b;</msgHeader>')}`, /DOCTYPE/],
      [
        'a DTD bomb',
        `<?xml version="1.0"?><!DOCTYPE a [${Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('')}]>${call('<msgHeader>&e9;</msgHeader>')}`,
        /DOCTYPE/,
      ],
      [
        '10,000 elements inside each other',
        call(`<msgHeader>${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}</msgHeader>`),
        /deeper/,
      ],
      ['truncated XML', PLAIN.slice(0, -20), /well-formed/],
      ['an empty body', '', /well-formed/],
      ['JSON', '{"a":1}', /well-formed/],
      ['a form', 'a=1&b=2', /well-formed/],
      ['an unknown operation', envelope('<Drop xmlns="urn:x"/>'), /unknown operation Drop/],
      ['an element named __proto__', envelope('<__proto__/>'), /unknown operation __proto__/],
      ['a fault', envelope('<s:Fault><faultcode>x</faultcode></s:Fault>'), /unknown operation Fault/],
      ['an empty SOAP body', envelope(''), /empty body/],
      ['a foreign root', '<root/>', /not a SOAP envelope/],
    ] as const) {
      it(`answers ${what} with a fault of the caller`, async () => {
        const answer = await post(body);
        assert.equal(answer.status, 500);
        assert.match(faultReason(answer), /^soap:Client/);
        assert.match(faultReason(answer), reason);
        assert.equal(calls.length, 0);
      });
    }

    it('answers in SOAP 1.2 when the Content-Type says so', async () => {
      const answer = await post('<broken', { 'Content-Type': 'application/soap+xml' });
      assert.equal(answer.status, 400);
      assert.match(faultReason(answer), /^soap:Sender/);
      assert.match(answer.text, new RegExp(SOAP12));
    });

    it('refuses 20 MB by their announced length, without taking them in', async () => {
      const answer = await post(Buffer.alloc(20 * 1024 * 1024, 'x'));
      assert.equal(answer.status, 413);
      assert.equal(answer.headers.connection, 'close');
      assert.match(faultReason(answer), /too large/);
    });

    it('refuses 20 MB that come in chunks', async () => {
      const answer = await new Promise<number>((resolve, reject) => {
        const sent = http.request(server.url, { method: 'POST', agent: false }, response => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on('error', reject);
        for (let megabyte = 0; megabyte < 20; megabyte++) sent.write(Buffer.alloc(1024 * 1024, 'x'));
        sent.end();
      });
      assert.equal(answer, 413);
    });

    it('lets go of a caller that announces much and sends nothing', async () => {
      const started = performance.now();
      const answer = await exchangeBytes(
        server.port,
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n<a>',
      );
      assert.match(answer, /^HTTP\/1\.1 413 /);
      assert.ok(performance.now() - started < 10_000);
    });

    it('outlives a caller that breaks off in the middle', async () => {
      const socket = net.connect(server.port, '127.0.0.1');
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n<s:Envelope');
      await once(socket, 'connect');
      socket.resetAndDestroy();
      assert.equal(resultOf(await post(PLAIN)), `${INNER}|b`);
    });

    it('ends an upload that takes longer than the time limit', async () => {
      await restart({ timeoutMs: 100 });
      const answer = await exchangeBytes(
        server.port,
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n<s:Envelope',
      );
      assert.match(answer, /^HTTP\/1\.1 500 /);
      assert.match(answer, /time limit/);
    });
  });

  describe('what the handler does', () => {
    it('writes null as an answer without result', async () => {
      await restart({ handle: () => Promise.resolve(null) });
      assert.deepEqual(readResult((await post(PLAIN)).text, 'Deal'), { kind: 'empty' });
    });

    it('shows the text of a SoapFault and of an ExchangeError, and of nothing else', async () => {
      const text = { zh: '证书错误', en: 'wrong certificate' };
      for (const [error, expected] of [
        [new SoapFault('client', text), /^soap:Client 证书错误 \| wrong certificate$/],
        [new ExchangeError({ code: 'CONFIG', retry: 'never', text }), /^soap:Server 证书错误/],
        [
          new Error('password=secret at /opt/x.js:1'),
          /^soap:Server 服务内部错误 \| internal error of the service$/,
        ],
        ['a string', /^soap:Server 服务内部错误/],
      ] as const) {
        // A handler may throw anything.
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        await restart({ handle: () => Promise.reject(error) });
        const answer = await post(PLAIN);
        assert.equal(answer.status, 500);
        assert.match(faultReason(answer), expected);
      }
    });

    it('survives a handler that throws before its first await', async () => {
      await restart({
        handle: () => {
          throw new TypeError('x');
        },
      });
      assert.match(faultReason(await post(PLAIN)), /internal error/);
    });

    it('answers at the time limit and tells the handler', async () => {
      let signal: AbortSignal | undefined;
      await restart({
        timeoutMs: 50,
        handle: received => {
          signal = received.signal;
          return new Promise(() => {});
        },
      });
      assert.match(faultReason(await post(PLAIN)), /time limit/);
      assert.equal(signal?.aborted, true);
    });

    it('answers pending and later calls at close', async () => {
      const received = deferred<SoapCall>();
      await restart({
        handle: one => {
          received.resolve(one);
          return new Promise(() => {});
        },
      });
      const pending = post(PLAIN);
      const { signal } = await received.promise;
      endpoint.close({ zh: '正在重新部署', en: 'redeploying' });
      assert.equal(signal.aborted, true);
      assert.match(faultReason(await pending), /redeploying/);
      // 503 says that nothing was processed; of a call that had begun nobody knows.
      assert.equal((await pending).status, 500);
      const later = await post(PLAIN);
      assert.equal(later.status, 503);
      assert.match(faultReason(later), /redeploying/);
    });

    it('tells the handler that the caller has gone', async () => {
      const received = deferred<SoapCall>();
      await restart({
        handle: one => {
          received.resolve(one);
          return new Promise(() => {});
        },
      });
      const socket = net.connect(server.port, '127.0.0.1');
      socket.write(
        `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(PLAIN)}\r\n\r\n${PLAIN}`,
      );
      const { signal } = await received.promise;
      socket.destroy();
      if (!signal.aborted) await once(signal, 'abort');
      assert.equal(signal.aborted, true);
    });

    it('does not abort a call that was answered', async () => {
      await post(PLAIN);
      assert.equal(calls[0]?.signal.aborted, false);
    });

    it('sends calls beyond the limit back', async () => {
      const release = deferred<string>();
      const twoAreIn = deferred<void>();
      let inside = 0;
      await restart({
        maxConcurrent: 2,
        handle: () => {
          if (++inside === 2) twoAreIn.resolve();
          return release.promise;
        },
      });
      const first = [post(PLAIN), post(PLAIN)];
      await twoAreIn.promise;
      const third = await post(PLAIN);
      assert.equal(third.status, 503);
      assert.match(faultReason(third), /try again/);
      release.resolve('done');
      assert.deepEqual((await Promise.all(first)).map(resultOf), ['done', 'done']);
    });
  });

  describe('GET and other methods', () => {
    it('gives the WSDL for ?wsdl in any case', async () => {
      for (const query of ['?wsdl', '?WSDL', '?Wsdl', '?wsdl=1', '?a=1&wsdl', '?singleWsdl']) {
        const answer = await get(`/svc/Booking.asmx${query}`);
        assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8');
        assert.deepEqual(address(answer), [server.url, server.url], query);
      }
    });

    it('names the address the reader used', async () => {
      const forwarded = {
        'X-Forwarded-Proto': 'https, http',
        'X-Forwarded-Host': 'his.example.org:8443, inner',
      };
      assert.equal(address(await get('/a?wsdl', forwarded))[0], 'https://his.example.org:8443/a');
      assert.equal(
        address(await get('/a?wsdl', { 'X-Forwarded-Host': '"><script>' }))[0],
        `http://127.0.0.1:${server.port}/a`,
      );
      assert.equal(address(await get('/a?wsdl', { Host: '[::1]:1880' }))[0], 'http://[::1]:1880/a');
      await restart({ baseUrl: 'https://gateway.example.org/his/' });
      assert.equal(address(await get('/a?wsdl', forwarded))[0], 'https://gateway.example.org/his/a');
    });

    it('shows a short page without ?wsdl', async () => {
      const answer = await get('/svc/Booking.asmx');
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
      assert.match(answer.text, /Deal[^]*\?wsdl/);
    });

    it('keeps the connection after a GET', async () => {
      const answer = await exchangeBytes(
        server.port,
        'GET /?wsdl HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
    });

    it('refuses other methods', async () => {
      const answer = await request(server.url, { method: 'PUT', body: PLAIN });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'GET, POST');
    });
  });

  describe('behind a body parser', () => {
    it('uses what the parser read', async () => {
      assert.equal(resultOf(await behind(PLAIN)), `${INNER}|b`);
      assert.equal(resultOf(await behind(Buffer.from(PLAIN))), `${INNER}|b`);
      assert.equal(
        resultOf(await behind(encodeGbk(PLAIN), { 'Content-Type': 'text/xml; charset=gbk' })),
        `${INNER}|b`,
      );
      assert.equal(
        resultOf(await behind(zlib.gzipSync(PLAIN), { 'Content-Encoding': 'gzip' })),
        `${INNER}|b`,
      );
      assert.equal(resultOf(await behind(Buffer.from(PLAIN), { 'Content-Encoding': 'gzip' })), `${INNER}|b`);
    });

    it('reads the body itself where the parser passed it over', async () => {
      assert.equal(resultOf(await behind({}, {}, false)), `${INNER}|b`);
    });

    it('says so when the body is gone', async () => {
      assert.match(faultReason(await behind({})), /middleware/);
    });
  });

  it('answers a fault of SOAP 1.1 as SOAP 1.1 binds it', async () => {
    const answer = await post(envelope('<Nothing/>', SOAP11));
    assert.match(
      answer.text,
      /<soap:Fault><faultcode>soap:Client<\/faultcode><faultstring>[^<]+<\/faultstring><\/soap:Fault>/,
    );
  });
});
