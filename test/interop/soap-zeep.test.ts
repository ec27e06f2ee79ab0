import assert from 'node:assert/strict';
import { SoapEndpoint, SoapFault } from '../../lib/soap/endpoint';
import { needsPeer } from '../support/peer';
import { listen, type Listening } from '../support/raw-soap';
import { callByZeep, hasZeep } from '../support/zeep';

describe('zeep as a caller of our endpoint', () => {
  let server: Listening;
  let endpoint: SoapEndpoint;

  before(async function () {
    needsPeer(this, 'python3-zeep', hasZeep());
    endpoint = new SoapEndpoint({
      serviceName: 'AppointmentDeal',
      operations: [
        { name: 'AppointmentDealInterface', parameters: ['msgHeader', 'msgBody'] },
        { name: 'Fail', parameters: ['msgHeader'] },
        { name: 'Nothing', parameters: [] },
      ],
      handle: call => {
        if (call.operation === 'Nothing') return Promise.resolve(null);
        if (call.operation === 'Fail')
          throw new SoapFault('client', { zh: '证书错误', en: 'wrong certificate' });
        return Promise.resolve(
          `${call.version} ${call.parameters['msgHeader']} ${call.parameters['msgBody']}`,
        );
      },
    });
    server = await listen(endpoint.handler);
  });
  after(() => server?.close());

  it('calls through ?wsdl in SOAP 1.1 and 1.2, whatever the text holds', async () => {
    const hard = '<root><名称>测试甲 & "乙" ]]> 😀𠮷</名称>\r\n\t第二行\n</root>';
    const answers = await callByZeep(
      `${server.url}?wsdl`,
      ['AppointmentDealSoap', 'AppointmentDealSoap12'].flatMap(port => [
        { port, parameters: { msgHeader: hard, msgBody: '' } },
        { port, parameters: { msgBody: 'only the body' } },
        { port, operation: 'Nothing', parameters: {} },
        { port, operation: 'Fail', parameters: { msgHeader: 'x' } },
      ]),
    );
    const reason = '证书错误 | wrong certificate';
    assert.deepEqual(answers, [
      { result: `1.1 ${hard} ` },
      { result: '1.1 null only the body' },
      { result: null },
      { fault: reason, code: 'soap:Client' },
      { result: `1.2 ${hard} ` },
      { result: '1.2 null only the body' },
      { result: null },
      { fault: reason, code: answers[7]?.['code'] },
    ]);
    assert.match(String(answers[7]?.['code']), /Sender$/);
  }).timeout(60_000);
});
