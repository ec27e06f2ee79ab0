import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import * as soap from 'soap';
import { ExchangeError } from '../../lib/errors';
import { SoapClient } from '../../lib/soap/client';
import { SoapEndpoint, SoapFault } from '../../lib/soap/endpoint';
import { buildWsdl } from '../../lib/soap/wsdl';
import { WsdlClient } from '../../lib/soap/wsdl-client';
import { portOf } from '../support/misbehaving-server';
import { listen, type Listening } from '../support/raw-soap';

const NS = 'urn:other-city';
const HARD = '<root><名称>测试甲 & "乙" ]]> 😀𠮷</名称>\r\n\t第二行\n</root>';
const OPERATIONS = [
  { name: 'CallInterface', parameters: ['MsgHeader', 'MsgBody'] },
  { name: 'Fail', parameters: ['MsgHeader'] },
];

describe('npm soap and our endpoint', () => {
  let server: Listening;

  before(async () => {
    const endpoint = new SoapEndpoint({
      serviceName: 'Platform',
      namespace: NS,
      operations: OPERATIONS,
      handle: call => {
        if (call.operation === 'Fail') throw new SoapFault('server', { zh: '失败', en: 'failed' });
        return Promise.resolve(`${call.version} ${call.parameters['MsgHeader']}`);
      },
    });
    server = await listen(endpoint.handler);
  });
  after(() => server.close());

  for (const [version, forceSoap12Headers] of [
    ['1.1', false],
    ['1.2', true],
  ] as const) {
    it(`calls it through ?wsdl, SOAP ${version}`, async () => {
      const client = await soap.createClientAsync(`${server.url}?wsdl`, {
        disableCache: true,
        forceSoap12Headers,
      });
      const call = client['CallInterfaceAsync'] as soap.SoapMethodAsync;
      const answers: readonly unknown[] = await call({ MsgHeader: HARD, MsgBody: '' });
      assert.deepEqual(answers[0], { CallInterfaceResult: `${version} ${HARD}` });
      const fail = client['FailAsync'] as soap.SoapMethodAsync;
      await assert.rejects(fail({ MsgHeader: 'x' }), /失败 \| failed/);
    });

    it(`our own WSDL client calls it, SOAP ${version}`, async () => {
      const client = new WsdlClient({ url: server.url, wsdl: `${server.url}?wsdl`, version });
      // The WSDL has other case and order: it decides.
      const { result, httpStatus } = await client.call('callinterface', [
        ['msgbody', null],
        ['MSGHEADER', HARD],
      ]);
      assert.equal(result, `${version} ${HARD}`);
      assert.equal(httpStatus, 200);
      await assert.rejects(
        client.call('Fail', [['MsgHeader', 'secret text']]),
        (error: unknown) =>
          error instanceof ExchangeError &&
          error.code === 'SOAP_FAULT' &&
          error.retry === 'in-doubt' &&
          !inspect(error).includes('secret text'),
      );
      await client.close();
    });
  }
});

describe('our clients and an npm soap server', () => {
  let server: Listening;
  let folder: string;
  let file: string;
  const received: unknown[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'wsdl-'));
    file = path.join(folder, 'service.wsdl');
    const wsdl = buildWsdl({
      name: 'Platform',
      namespace: NS,
      operations: OPERATIONS,
      address: 'http://inner.invalid/soap',
    });
    writeFileSync(file, wsdl);
    const nodeServer = http.createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>(resolve => nodeServer.listen(0, '127.0.0.1', resolve));
    const port = portOf(nodeServer);
    soap.listen(nodeServer, {
      path: '/soap',
      xml: wsdl,
      services: {
        Platform: {
          PlatformSoap: {
            CallInterface: (given: unknown) => {
              received.push(given);
              return { CallInterfaceResult: HARD };
            },
            Fail: () => {
              throw Object.assign(new Error('x'), {
                Fault: { faultcode: 'soap:Server', faultstring: 'failed', statusCode: 500 },
              });
            },
          },
        },
      },
    });
    server = {
      port,
      url: `http://127.0.0.1:${port}/soap`,
      close: () =>
        new Promise(resolve => {
          nodeServer.close(() => resolve());
          nodeServer.closeAllConnections();
        }),
    };
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => received.splice(0));

  for (const [what, open] of [
    ['the built-in client', () => new SoapClient({ url: server.url, namespace: NS })],
    ['the WSDL client', () => new WsdlClient({ url: server.url, wsdl: file })],
  ] as const) {
    it(`${what} calls it`, async () => {
      const client = open();
      const { result } = await client.call('CallInterface', [
        ['MsgHeader', HARD],
        ['MsgBody', '甲'],
      ]);
      assert.equal(result, HARD);
      assert.deepEqual(received, [{ MsgHeader: HARD, MsgBody: '甲' }]);
      await assert.rejects(
        client.call('Fail', [['MsgHeader', 'x']]),
        (error: unknown) => error instanceof ExchangeError && error.code === 'SOAP_FAULT',
      );
      await client.close();
    });
  }

  const failure = async (
    wsdl: string,
    operation = 'CallInterface',
    parameter = 'MsgHeader',
  ): Promise<string> => {
    const client = new WsdlClient({ url: server.url, wsdl, timeoutMs: 2000 });
    try {
      await client.call(operation, [[parameter, 'secret text']]);
    } catch (error) {
      assert.ok(error instanceof ExchangeError, inspect(error));
      assert.ok(!inspect(error).includes('secret text'));
      return `${error.code} ${error.retry} ${error.text.en}`;
    } finally {
      await client.close();
    }
    return assert.fail('the call succeeded');
  };

  describe('a WSDL that does not serve', () => {
    it('is told by what is missing', async () => {
      assert.match(await failure(file, 'Other'), /^CONFIG never .*only CallInterface, Fail/);
      assert.match(await failure(file, 'CallInterface', 'Header'), /^CONFIG never .*has MsgHeader, MsgBody/);
      assert.match(await failure(path.join(folder, 'none.wsdl')), /^CONFIG never the WSDL cannot be read/);
      assert.match(await failure(`http://127.0.0.1:${server.port}/none?wsdl`), /^CONFIG never .*HTTP 404/);
      assert.match(await failure('http://127.0.0.1:1/?wsdl'), /^TRANSPORT_NOT_SENT retry/);
    });

    for (const [what, text] of [
      ['a login page', '<html><body>login</body></html>'],
      ['nothing', ''],
      ['bytes', '\u0000\u0001<<<'],
      [
        'half a WSDL',
        '<?xml version="1.0"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"><wsdl:types>',
      ],
      [
        'a WSDL with an import that cannot be had',
        '<?xml version="1.0"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"><wsdl:import location="http://127.0.0.1:1/x.wsdl"/></wsdl:definitions>',
      ],
    ] as const) {
      it(`${what} is refused, and read again at the next call`, async () => {
        let answer: string = text;
        const page = await listen((_request, response) =>
          response.writeHead(200, { 'Content-Type': 'text/xml' }).end(answer),
        );
        try {
          assert.match(await failure(page.url), /^(?:CONFIG never|TRANSPORT_NOT_SENT retry)/);
          const client = new WsdlClient({ url: server.url, wsdl: page.url });
          await assert.rejects(client.call('CallInterface', [['MsgHeader', 'x']]), ExchangeError);
          answer = buildWsdl({
            name: 'Platform',
            namespace: NS,
            operations: OPERATIONS,
            address: 'http://x/',
          });
          assert.equal((await client.call('CallInterface', [['MsgHeader', 'x']])).result, HARD);
          await client.close();
        } finally {
          await page.close();
        }
      });
    }
  });

  it('does not let one client change another', async () => {
    const first = new WsdlClient({ url: server.url, wsdl: file });
    await first.call('CallInterface', [['MsgHeader', '1']]);
    const second = new WsdlClient({ url: server.url, wsdl: file, version: '1.2' });
    await second.call('CallInterface', [['MsgHeader', '2']]).catch(() => {});
    assert.equal((await first.call('CallInterface', [['MsgHeader', '3']])).result, HARD);
    await Promise.all([first.close(), second.close()]);
  });

  it('shows its password to no other host', async () => {
    const authorizations: (string | undefined)[] = [];
    const other = await listen((request, response) => {
      authorizations.push(request.headers.authorization);
      response
        .writeHead(200)
        .end(buildWsdl({ name: 'P', namespace: NS, operations: OPERATIONS, address: 'http://x/' }));
    });
    const client = new WsdlClient({ url: server.url, wsdl: other.url, basic: { user: 'u', password: 'p' } });
    await client.call('CallInterface', [['MsgHeader', 'x']]);
    await Promise.all([client.close(), other.close()]);
    assert.deepEqual(authorizations, [undefined]);
  });

  it('keeps no message behind', async () => {
    const client = new WsdlClient({ url: server.url, wsdl: file });
    await client.call('CallInterface', [['MsgHeader', 'secret text']]);
    assert.ok(!inspect(client, { depth: 20, showHidden: true }).includes('secret text'));
    await client.close();
  });
});
