import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import zlib from 'node:zlib';
import { ExchangeError, type ErrorCode, type RetryClass } from '../../lib/errors';
import { SoapClient, type SoapClientOptions } from '../../lib/soap/client';
import { encodeGbk } from '../support/gbk';
import { buildFault, buildResponse, buildResponseBytes, parseEnvelope } from '../../lib/wire/soap-envelope';
import {
  answering,
  closedPort,
  cutAnswer,
  halfOpen,
  http,
  makeCertificates,
  misbehave,
  portOf,
  resetBeforeAnswer,
  trickle,
  type Behaviour,
  type Certificates,
  type KeyPair,
  type MisbehavingServer,
} from '../support/misbehaving-server';
import { needsPeer, works } from '../support/peer';

const NS = 'http://tempuri.org/';
const APP_ID = 'APPID-0123456789abcdef';
const PATIENT = '测试甲';
const HEADER = `<MsgHeader><ServerName>UpdateBillingInfo</ServerName><AppId>${APP_ID}</AppId></MsgHeader>`;
const BODY = `<Params><PatientName>${PATIENT}</PatientName><SocialNo>Z00000001</SocialNo></Params>`;
const PARAMETERS = [
  ['MsgHeader', HEADER],
  ['MsgBody', BODY],
] as const;
const SECRETS = [APP_ID, PATIENT, 'Z00000001', 'UpdateBillingInfo', 'hunter2', 'secret-pass'];
const INNER = `<root><success>Yes</success><name>${PATIENT}</name></root>`;
const GOOD = buildResponse('1.1', NS, 'CallInterface', INNER);

const fault11 = (code: 'client' | 'server', reason: string): string => buildFault('1.1', { code, reason });

describe('soap client', () => {
  let server: MisbehavingServer | undefined;
  let client: SoapClient | undefined;

  afterEach(async () => {
    await client?.close();
    await server?.close();
    client = server = undefined;
  });

  const open = async (
    behaviour: Behaviour,
    options: Partial<SoapClientOptions> = {},
  ): Promise<SoapClient> => {
    server = await misbehave(behaviour);
    return (client = new SoapClient({
      url: server.url,
      timeoutMs: 3000,
      basic: { user: 'u', password: 'hunter2' },
      ...options,
    }));
  };
  const call = (): ReturnType<SoapClient['call']> => client!.call('CallInterface', PARAMETERS);

  const failure = async (attempt: Promise<unknown> = call()): Promise<ExchangeError> => {
    try {
      await attempt;
    } catch (error) {
      assert.ok(error instanceof ExchangeError, inspect(error));
      const shown = inspect(error, { depth: 9, showHidden: true });
      for (const secret of SECRETS) assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
      return error;
    }
    return assert.fail('the call succeeded');
  };
  const expectFailure = async (
    code: ErrorCode,
    retry: RetryClass,
    attempt?: Promise<unknown>,
  ): Promise<ExchangeError> => {
    const error = await failure(attempt);
    assert.deepEqual([error.code, error.retry], [code, retry], error.message);
    return error;
  };

  describe('what it sends', () => {
    it('is what ASP.NET expects in SOAP 1.1', async () => {
      await open(answering(http(200, GOOD)));
      await call();
      const [head = '', body = ''] = server!.requests[0]!.toString().split('\r\n\r\n');
      assert.match(head, /^POST \/Service\.asmx\?hospital=1 HTTP\/1\.1\r\n/);
      assert.match(head, /content-type: text\/xml; charset=utf-8/i);
      assert.match(head, /soapaction: "http:\/\/tempuri\.org\/CallInterface"/i);
      assert.match(head, /authorization: Basic dTpodW50ZXIy/i);
      assert.match(head, /accept-encoding: gzip, deflate/i);
      const sent = parseEnvelope(body);
      assert.deepEqual(sent, {
        kind: 'message',
        version: '1.1',
        operation: 'CallInterface',
        namespace: NS,
        parameters: PARAMETERS.map(one => [...one]),
      });
    });

    it('is SOAP 1.2 when asked for, with namespace and action of the service', async () => {
      await open(answering(http(200, buildResponse('1.2', 'urn:x', 'CallInterface', INNER))), {
        version: '1.2',
        namespace: 'urn:x',
        soapActionPrefix: 'urn:x#',
      });
      assert.equal((await call()).result, INNER);
      const request = server!.requests[0]!.toString();
      assert.match(
        request,
        /content-type: application\/soap\+xml; charset=utf-8; action="urn:x#CallInterface"/i,
      );
      assert.doesNotMatch(request, /soapaction:/i);
      assert.match(request, /<CallInterface xmlns="urn:x">/);
    });

    it('goes over as few connections as allowed, and reuses them', async () => {
      await open(answering(http(200, GOOD)), { connections: 2 });
      await Promise.all(Array.from({ length: 10 }, call));
      assert.equal(server!.connections(), 2);
    });
  });

  describe('what it reads', () => {
    const answers: [string, Buffer][] = [
      ['a plain answer', http(200, GOOD)],
      ['gzip', http(200, zlib.gzipSync(GOOD), { 'Content-Encoding': 'gzip' })],
      ['deflate', http(200, zlib.deflateSync(GOOD), { 'Content-Encoding': 'deflate' })],
      ['bare deflate', http(200, zlib.deflateRawSync(GOOD), { 'Content-Encoding': 'deflate' })],
      ['GBK by Content-Type', http(200, encodeGbk(GOOD), { 'Content-Type': 'text/xml; charset=gb2312' })],
      [
        'GBK by declaration',
        http(200, encodeGbk(GOOD.replace('utf-8', 'gbk')), { 'Content-Type': 'text/xml' }),
      ],
      [
        'UTF-16',
        http(200, Buffer.from(`\ufeff${GOOD}`, 'utf16le'), { 'Content-Type': 'text/xml; charset=utf-16' }),
      ],
      ['a BOM', http(200, `\ufeff${GOOD}`)],
      [
        'CDATA',
        http(
          200,
          GOOD.replace(
            /<CallInterfaceResult>.*<\/CallInterfaceResult>/,
            `<CallInterfaceResult><![CDATA[${INNER}]]></CallInterfaceResult>`,
          ),
        ),
      ],
      ['SOAP 1.2', http(200, buildResponse('1.2', NS, 'CallInterface', INNER))],
      [
        '100 Continue before the answer',
        Buffer.concat([Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'), http(200, GOOD)]),
      ],
    ];
    for (const [what, answer] of answers) {
      it(`takes ${what}`, async () => {
        await open(answering(answer));
        const { result, httpStatus, bytes, durationMs } = await call();
        assert.equal(result, INNER);
        assert.equal(httpStatus, 200);
        assert.ok(bytes > 100 && durationMs > 0);
      });
    }

    it('takes an answer that is followed by a reset', async () => {
      await open(cutAnswer(http(200, GOOD), Infinity, 'reset'));
      assert.equal((await call()).result, INNER);
    });

    it('gives null and the empty text as they are', async () => {
      await open(answering(http(200, buildResponse('1.1', NS, 'CallInterface', null))));
      assert.equal((await call()).result, null);
      await server!.close();
      await open(answering(http(200, buildResponse('1.1', NS, 'CallInterface', ''))));
      assert.equal((await call()).result, '');
    });

    it('gives a result in pieces that join to the whole', async () => {
      const large = `<root>${'<row a="1 &amp; 2">测试甲\n</row>'.repeat(40_000)}</root>`;
      await open(
        answering(
          http(200, zlib.gzipSync(buildResponse('1.1', NS, 'CallInterface', large)), {
            'Content-Encoding': 'gzip',
          }),
        ),
      );
      const { pieces, whole } = await client!.callInPieces('CallInterface', PARAMETERS);
      const parts = [...pieces];
      assert.ok(parts.length > 3, `${parts.length} pieces`);
      assert.equal(parts.join(''), large);
      assert.equal(whole(), large);
    });

    it('reads a large answer of stated length, and never takes a part of it for the whole', async () => {
      const large = '<row a="1 &amp; 2">测试甲\n</row>'.repeat(50_000);
      const answer = http(200, buildResponse('1.1', NS, 'CallInterface', large));
      await open(answering(answer));
      assert.equal((await call()).result, large);
      for (const how of ['reset', 'end'] as const) {
        await server!.close();
        await open(cutAnswer(answer, answer.length - 1, how));
        await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt');
      }
    });

    it('gives other shapes as one piece, null as none, and ends with null where a piece is no text', async () => {
      const cdata = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><CallInterfaceResponse xmlns="${NS}"><CallInterfaceResult><![CDATA[<a/>]]></CallInterfaceResult></CallInterfaceResponse></s:Body></s:Envelope>`;
      await open(answering(http(200, cdata)));
      assert.deepEqual([...(await client!.callInPieces('CallInterface', PARAMETERS)).pieces], ['<a/>']);
      await server!.close();
      await open(answering(http(200, buildResponse('1.1', NS, 'CallInterface', null))));
      assert.deepEqual([...(await client!.callInPieces('CallInterface', PARAMETERS)).pieces], []);
      await server!.close();
      await open(
        answering(http(200, GOOD.replace('</CallInterfaceResult>', '&nonsense;</CallInterfaceResult>'))),
      );
      const broken = await client!.callInPieces('CallInterface', PARAMETERS);
      assert.deepEqual([...broken.pieces], [null]);
      assert.throws(() => broken.whole(), { code: 'NOT_SOAP' });
    });
  });

  describe('connections that fail', () => {
    it('refused', async () => {
      client = new SoapClient({ url: `http://127.0.0.1:${await closedPort()}/` });
      const error = await expectFailure('TRANSPORT_NOT_SENT', 'retry');
      assert.match(error.text.en, /refused.*127\.0\.0\.1/);
      assert.match(error.text.zh, /连接被拒绝.*端口/);
    });

    it('unknown host', async () => {
      client = new SoapClient({ url: 'http://no-such-host.invalid/' });
      assert.match((await expectFailure('TRANSPORT_NOT_SENT', 'retry')).text.en, /unknown host/);
    });

    it('reset before the answer', async () => {
      await open(resetBeforeAnswer);
      assert.match((await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt')).text.en, /may have been processed/);
    });

    it('reset in the middle of the answer', async () => {
      await open(cutAnswer(http(200, GOOD), 300, 'reset'));
      await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt');
    });

    it('closed in the middle of the answer', async () => {
      await open(cutAnswer(http(200, GOOD), 300, 'end'));
      await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt');
    });

    it('no answer at all: the deadline holds', async () => {
      await open(halfOpen, { timeoutMs: 200 });
      const error = await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt');
      assert.match(error.text.en, /0\.2 s/);
    });

    it('a trickling answer: the deadline holds over the body too', async () => {
      await open(trickle(http(200, buildResponse('1.1', NS, 'CallInterface', 'x'.repeat(20_000)))), {
        timeoutMs: 700,
      });
      const started = performance.now();
      await expectFailure('TRANSPORT_UNKNOWN', 'in-doubt');
      assert.ok(performance.now() - started < 2500);
    });

    it('a call that waits for a free connection until its deadline was never sent', async () => {
      await open(halfOpen, { connections: 1, timeoutMs: 500 });
      const first = failure(call());
      await expectFailure(
        'TRANSPORT_NOT_SENT',
        'retry',
        client!.call('CallInterface', PARAMETERS, { timeoutMs: 100 }),
      );
      assert.equal((await first).code, 'TRANSPORT_UNKNOWN');
      assert.equal(server!.requests.length, 1);
    });

    it('a deadline for one call', async () => {
      await open(halfOpen);
      await expectFailure(
        'TRANSPORT_UNKNOWN',
        'in-doubt',
        client!.call('CallInterface', PARAMETERS, { timeoutMs: 100 }),
      );
    });
  });

  describe('ended from our side', () => {
    it('by the signal, before and during the call', async () => {
      await open(halfOpen);
      await expectFailure(
        'ABORTED',
        'retry',
        client!.call('CallInterface', PARAMETERS, { signal: AbortSignal.abort() }),
      );
      const abort = new AbortController();
      const pending = expectFailure(
        'ABORTED',
        'in-doubt',
        client!.call('CallInterface', PARAMETERS, { signal: abort.signal }),
      );
      while (server!.requests.length === 0) await new Promise(setImmediate);
      abort.abort();
      await pending;
    });

    it('by close()', async () => {
      await open(halfOpen);
      const pending = expectFailure('ABORTED', 'in-doubt');
      while (server!.requests.length === 0) await new Promise(setImmediate);
      await client!.close();
      await pending;
      await expectFailure('ABORTED', 'retry');
    });
  });

  describe('answers that are no success', () => {
    const HTML = '<html><body>Server Error in / Application</body></html>';
    const cases: [string, Buffer, ErrorCode, RetryClass][] = [
      ['500 with a page', http(500, HTML, { 'Content-Type': 'text/html' }), 'HTTP_STATUS', 'in-doubt'],
      ['502 of a proxy', http(502, HTML), 'HTTP_STATUS', 'in-doubt'],
      ['503', http(503, HTML), 'HTTP_STATUS', 'retry'],
      ['503 with a fault', http(503, fault11('server', 'busy')), 'HTTP_STATUS', 'retry'],
      ['429', http(429, ''), 'HTTP_STATUS', 'retry'],
      ['408', http(408, ''), 'HTTP_STATUS', 'retry'],
      ['404', http(404, HTML), 'HTTP_STATUS', 'retry'],
      ['405', http(405, HTML), 'HTTP_STATUS', 'never'],
      ['400 with an empty body', http(400, ''), 'HTTP_STATUS', 'never'],
      ['401', http(401, HTML, { 'WWW-Authenticate': 'NTLM' }), 'HTTP_STATUS', 'auth'],
      ['403', http(403, HTML), 'HTTP_STATUS', 'auth'],
      ['202', http(202, ''), 'HTTP_STATUS', 'in-doubt'],
      ['200 with an empty body', http(200, ''), 'NOT_SOAP', 'in-doubt'],
      ['200 with foreign XML', http(200, '<unexpected xmlns="urn:x"/>'), 'NOT_SOAP', 'in-doubt'],
      ['200 with a page', http(200, HTML, { 'Content-Type': 'text/html' }), 'NOT_SOAP', 'in-doubt'],
      [
        '200 with the answer of another method',
        http(200, buildResponse('1.1', NS, 'Other', INNER)),
        'NOT_SOAP',
        'in-doubt',
      ],
      ['a truncated envelope', http(200, GOOD.slice(0, -40)), 'NOT_SOAP', 'in-doubt'],
      ['garbage instead of HTTP', Buffer.from('\u0001\u0002garbage\r\n\r\n'), 'NOT_SOAP', 'in-doubt'],
      ['damaged gzip', http(200, 'no gzip', { 'Content-Encoding': 'gzip' }), 'NOT_SOAP', 'in-doubt'],
      [
        'truncated gzip',
        http(200, zlib.gzipSync(GOOD).subarray(0, 99), { 'Content-Encoding': 'gzip' }),
        'NOT_SOAP',
        'in-doubt',
      ],
      ['an unknown compression', http(200, GOOD, { 'Content-Encoding': 'zstd' }), 'NOT_SOAP', 'in-doubt'],
      [
        'an unknown charset',
        http(200, GOOD, { 'Content-Type': 'text/xml; charset=ebcdic' }),
        'NOT_SOAP',
        'in-doubt',
      ],
      ['a DTD', http(200, GOOD.replace('?>', '?><!DOCTYPE a>')), 'NOT_SOAP', 'in-doubt'],
      ['a fault of the server', http(500, fault11('server', 'deadlock')), 'SOAP_FAULT', 'in-doubt'],
      ['a fault of the caller', http(500, fault11('client', 'no such method')), 'SOAP_FAULT', 'never'],
      [
        'a fault of SOAP 1.2, receiver',
        http(500, buildFault('1.2', { code: 'server', reason: 'deadlock' })),
        'SOAP_FAULT',
        'in-doubt',
      ],
      [
        'a fault of SOAP 1.2, sender',
        http(400, buildFault('1.2', { code: 'client', reason: 'what?' })),
        'SOAP_FAULT',
        'never',
      ],
      ['a fault with status 200', http(200, fault11('server', 'deadlock')), 'SOAP_FAULT', 'in-doubt'],
    ];
    for (const [what, answer, code, retry] of cases) {
      it(`${what}: ${code}, ${retry}`, async () => {
        await open(answering(answer));
        const error = await expectFailure(code, retry);
        assert.ok(error.text.zh && error.text.en);
      });
    }

    it('a redirect is not followed, and its query not shown', async () => {
      await open(answering(http(302, '', { Location: `https://login.example.org/sso?return=${APP_ID}` })));
      const error = await expectFailure('HTTP_STATUS', 'never');
      assert.deepEqual(error.details, { httpStatus: 302, location: 'https://login.example.org/sso' });
      assert.equal(server!.requests.length, 1);
    });

    it('Retry-After is handed on', async () => {
      await open(answering(http(503, '', { 'Retry-After': '120' })));
      assert.deepEqual((await expectFailure('HTTP_STATUS', 'retry')).details, {
        httpStatus: 503,
        retryAfterSeconds: 120,
      });
    });

    it('more than the limit on the wire is not taken in', async () => {
      await open(answering(http(200, Buffer.alloc(50 * 1024 * 1024, 'x'))), { maxAnswerBytes: 1024 * 1024 });
      const before = process.memoryUsage.rss();
      await expectFailure('TOO_LARGE', 'never');
      assert.ok(process.memoryUsage.rss() - before < 100 * 1024 * 1024);
    });

    it('more than the limit after unpacking is not unpacked', async () => {
      const bomb = zlib.gzipSync(Buffer.alloc(20 * 1024 * 1024));
      await open(answering(http(200, bomb, { 'Content-Encoding': 'gzip' })), { maxAnswerBytes: 1024 * 1024 });
      await expectFailure('TOO_LARGE', 'never');
    });

    it('reads 50 MB where the limit allows', async () => {
      const inner = '<a>&"值值值值值值值值值值"</a>\n'.repeat(1_000_000);
      await open(answering(http(200, buildResponseBytes('1.1', NS, 'CallInterface', inner))), {
        timeoutMs: 15_000,
        maxAnswerBytes: 128 * 1024 * 1024,
      });
      const { result, bytes } = await call();
      assert.ok(bytes > 50 * 1024 * 1024);
      assert.ok(result === inner);
    });
  });

  describe('the text of a fault', () => {
    const stack =
      `System.Web.Services.Protocols.SoapException: 服务器无法处理请求。 ---> System.Data.SqlClient.SqlException: 重复键 (${PATIENT}, Z00000001)\r\n` +
      `   在 Exchange.Service.CallInterface(String MsgHeader) 位置 C:\\site\\Service.cs:行号 12\r\n   at System.Web.X()`;

    it('keeps the reason, without stack and without what we sent', async () => {
      await open(answering(http(500, buildFault('1.1', { code: 'server', reason: stack }))));
      const { details } = await expectFailure('SOAP_FAULT', 'in-doubt');
      assert.deepEqual(details, {
        httpStatus: 500,
        faultCode: 'soap:Server',
        faultString:
          'System.Web.Services.Protocols.SoapException: 服务器无法处理请求。 ---> System.Data.SqlClient.SqlException: 重复键 (***, ***)',
      });
    });

    it('masks an echoed request, long numbers, and stops at 200 characters', async () => {
      for (const reason of [
        `bad request: ${HEADER}${BODY}`,
        `AppId ${APP_ID} unknown`,
        `id 000000190001010017 of ${PATIENT}`,
        '长'.repeat(5000),
      ]) {
        await server?.close();
        await open(answering(http(500, buildFault('1.1', { code: 'server', reason }))));
        const error = await failure();
        assert.doesNotMatch(error.message, /000000190001010017/);
        assert.ok(String(error.details['faultString']).length <= 200);
      }
    });
  });

  describe('settings that cannot work', () => {
    it('an address that is none', () => {
      for (const url of ['', 'platform', 'ftp://x/', 'http://']) {
        assert.throws(
          () => new SoapClient({ url }),
          (error: unknown) => error instanceof ExchangeError && error.code === 'CONFIG',
        );
      }
    });

    it('a method name that no header can hold', async () => {
      await open(answering(http(200, GOOD)));
      await expectFailure('CONFIG', 'never', client!.call('Call\r\nX: 1', PARAMETERS));
    });
  });
});

const refusal = async (attempt: Promise<unknown>, retry: RetryClass = 'never'): Promise<string> => {
  try {
    await attempt;
  } catch (error) {
    assert.ok(error instanceof ExchangeError, inspect(error));
    assert.deepEqual([error.code, error.retry], ['TLS', retry], inspect(error));
    for (const secret of SECRETS) assert.ok(!inspect(error, { depth: 9 }).includes(secret));
    return error.text.en;
  }
  return assert.fail('accepted');
};

const refusedSettings = (tls: SoapClientOptions['tls']): string => {
  try {
    assert.ok(new SoapClient({ url: 'https://x/', tls: tls! }));
  } catch (error) {
    assert.ok(
      error instanceof ExchangeError && error.code === 'TLS' && error.retry === 'never',
      inspect(error),
    );
    return error.text.en;
  }
  return assert.fail('accepted');
};

describe('soap client over TLS', function () {
  let certificates: Certificates;
  let server: MisbehavingServer | undefined;
  let client: SoapClient | undefined;

  before(function () {
    needsPeer(this, 'openssl', works('openssl', 'version'));
    this.timeout(60_000);
    certificates = makeCertificates();
  });
  afterEach(async () => {
    await client?.close();
    await server?.close();
    client = server = undefined;
  });

  const call = async (
    pair: KeyPair,
    tls: SoapClientOptions['tls'],
    server_: object = {},
  ): Promise<string | null> => {
    server = await misbehave(answering(http(200, GOOD)), { ...pair, ...server_ });
    client = new SoapClient({ url: server.url, timeoutMs: 3000, ...(tls && { tls }) });
    return (await client.call('CallInterface', PARAMETERS)).result;
  };

  it('trusts the configured authority', async () => {
    assert.equal(await call(certificates.good, { ca: certificates.ca }), INNER);
  });

  it('tells an unknown authority and a self-signed certificate', async () => {
    assert.match(await refusal(call(certificates.good, undefined)), /not trusted/);
    await client?.close();
    await server?.close();
    assert.match(await refusal(call(certificates.selfSigned, { ca: certificates.ca })), /not trusted/);
    assert.equal(server!.requests.length, 0, 'something was sent');
  });

  it('tells an expired certificate', async () => {
    assert.match(await refusal(call(certificates.expired, { ca: certificates.ca })), /not valid today/);
  });

  it('tells a certificate for another host, and takes its name when told', async () => {
    assert.match(await refusal(call(certificates.otherHost, { ca: certificates.ca })), /another name/);
    await client?.close();
    await server?.close();
    assert.equal(
      await call(certificates.otherHost, { ca: [certificates.ca], servername: 'other.example.org' }),
      INNER,
    );
  });

  it('takes any certificate when told', async () => {
    assert.equal(await call(certificates.selfSigned, { rejectUnauthorized: false }), INNER);
  });

  it('sends a client certificate as PEM and as PFX', async () => {
    const wanted = { requestCert: true, rejectUnauthorized: true, ca: certificates.ca };
    assert.equal(
      await call(certificates.good, { ca: certificates.ca, ...certificates.client }, wanted),
      INNER,
    );
    await client?.close();
    await server?.close();
    const pfx = { ca: certificates.ca, pfx: certificates.clientPfx, passphrase: 'secret-pass' };
    assert.equal(await call(certificates.good, pfx, wanted), INNER);
  });

  const withoutOurCertificate = (version: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> => {
    const wanted = {
      requestCert: true,
      rejectUnauthorized: true,
      ca: certificates.ca,
      minVersion: version,
      maxVersion: version,
    };
    return call(certificates.good, { ca: certificates.ca }, wanted);
  };

  it('tells a missing client certificate in TLS 1.2', async () => {
    assert.match(await refusal(withoutOurCertificate('TLSv1.2')), /refused the TLS handshake/);
  });

  it('is in doubt without client certificate in TLS 1.3, where the refusal comes after the request has left', async () => {
    await assert.rejects(
      withoutOurCertificate('TLSv1.3'),
      (error: unknown) => error instanceof ExchangeError && ['TLS', 'TRANSPORT_UNKNOWN'].includes(error.code),
    );
    assert.equal(server!.requests.length, 0);
  });

  it('tells a port that speaks no TLS', async () => {
    const plain = await misbehaveAtOnce('HTTP/1.1 400 Bad Request\r\n\r\n');
    client = new SoapClient({ url: `https://127.0.0.1:${plain.port}/`, timeoutMs: 3000 });
    assert.match(await refusal(client.call('CallInterface', PARAMETERS)), /should be http/);
    await plain.close();
  });

  it('has sent nothing when the handshake gets no answer, or is reset', async () => {
    const silent = await misbehave(halfOpen);
    client = new SoapClient({ url: `https://127.0.0.1:${silent.port}/`, timeoutMs: 200 });
    await assert.rejects(client.call('CallInterface', PARAMETERS), {
      code: 'TRANSPORT_NOT_SENT',
      retry: 'retry',
    });
    await silent.close();
    const resetting = createServer(socket => void socket.on('error', () => {}).resetAndDestroy()).listen(
      0,
      '127.0.0.1',
    );
    await once(resetting, 'listening');
    await client.close();
    client = new SoapClient({ url: `https://127.0.0.1:${portOf(resetting)}/`, timeoutMs: 3000 });
    await assert.rejects(client.call('CallInterface', PARAMETERS), {
      code: 'TRANSPORT_NOT_SENT',
      retry: 'retry',
    });
    resetting.close();
  });

  it('names what is wrong with a PFX, a password, a key', () => {
    const { ca, clientPfx, rc2Pfx, client: pair, good } = certificates;
    assert.match(refusedSettings({ pfx: clientPfx, passphrase: 'wrong' }), /wrong passphrase/);
    assert.match(refusedSettings({ pfx: Buffer.from('no pfx') }), /cannot be read/);
    assert.match(refusedSettings({ cert: 'no pem', key: pair.key }), /cannot be read/);
    assert.match(refusedSettings({ cert: pair.cert, key: good.key }), /does not belong/);
    assert.match(refusedSettings({ ca: [ca, 'no pem'] }), /cannot be read/);
    if (rc2Pfx)
      assert.match(refusedSettings({ pfx: rc2Pfx, passphrase: 'secret-pass' }), /openssl pkcs12 -legacy/);
  });
});

/** Speaks before it is spoken to. */
async function misbehaveAtOnce(text: string): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(
    socket =>
      void socket
        .on('error', () => {})
        .resume()
        .end(text),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), close: () => new Promise(resolve => void server.close(() => resolve())) };
}
