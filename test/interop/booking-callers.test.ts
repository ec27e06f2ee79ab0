import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { type BookingServiceName, bookingServiceNames } from '../../lib/contract/services';
import { readAnswer } from '../../lib/simulator/platform/booking-caller';
import { readXml } from '../../lib/wire/xml-read';
import { SECRETS, TestFlow } from '../support/flow';
import { citySample, fixture } from '../support/fixture';
import { encodeGbk } from '../support/gbk';
import { needsPeer } from '../support/peer';
import { SOAP12, envelope, request } from '../support/raw-soap';
import { callByZeep, hasZeep } from '../support/zeep';

const PATH = '/exchange/AppointmentDealInterface';

const samples: [BookingServiceName, string][] = [
  ['GetExamItemList', fixture('GetExamItemList.request.xml')],
  ['GetSignalSourceList', fixture('GetSignalSourceList.request.xml')],
  ['GetSignalSourceList', citySample('GetSignalSourceList.request.xml')],
  ['MedicalAppoint', fixture('MedicalAppoint.request.xml')],
  ['MedicalAppoint', fixture('MedicalAppoint.default-booking.request.xml')],
  ['CancelAppoint', fixture('CancelAppoint.request.xml')],
  ['GetAppointReceipt', fixture('GetAppointReceipt.request.xml')],
  ['GetAppointReceiptXml', fixture('GetAppointReceipt.request.xml')],
  ['GetAppointItemInfo', fixture('GetAppointItemInfo.request.xml')],
];
const header = (service: string): string =>
  fixture('hospital.msgHeader.xml')
    .replace('GetExamItemList', service)
    .replace(/<certificate>.*<\//, `<certificate>${SECRETS.certificate}</`);

const rows: Record<BookingServiceName, unknown> = {
  GetExamItemList: [{ Hiskey: '000123', LabName: '测试<彩超> & "甲" 𠮷', Description: '第一行\r\n第二行' }],
  GetSignalSourceList: [{ Frequency: '1', SourceId: '1|99|TEST0001|88|2|2030-01-02 08:20|08:00~09:00' }],
  MedicalAppoint: {},
  CancelAppoint: {},
  GetAppointReceipt: Buffer.from('%PDF-1.4 test'),
  GetAppointReceiptXml: [{ PatientName: '测试甲', Diagnosis: 'a]]>b' }],
  GetAppointItemInfo: [{ examDeptCode: 'E0001', examItemCode: 'TEST0001', hisItemCode: 'H0001' }],
};

describe('callers of the booking service', () => {
  const flow = new TestFlow();
  const reached: string[] = [];
  before(async () => {
    await flow.start();
    await flow.deploy([
      {
        id: 'in',
        type: 'booking-request',
        profile: 'p',
        path: PATH,
        baseUrl: '',
        timeout: '10',
        maxPending: '64',
        repeatMinutes: '0',
        wires: bookingServiceNames.map(name => [name]),
      },
      ...bookingServiceNames.map(id => ({ id, type: 'helper', wires: [] })),
      {
        id: 'out',
        type: 'booking-response',
        property: 'payload',
        propertyType: 'msg',
        maxItems: '1000',
        receiptDateStyle: 'dash',
        mergePdf: true,
        wires: [[]],
      },
    ]);
    for (const service of bookingServiceNames) {
      flow.each(service, msg => {
        reached.push(service);
        flow.receive('out', { ...msg, payload: rows[service] });
      });
    }
  });
  after(async () => {
    await flow.undeploy();
    await flow.stop();
  });
  beforeEach(() => reached.splice(0));

  describe('python-zeep', () => {
    before(function () {
      needsPeer(this, 'python3-zeep', hasZeep());
    });
    it('calls all seven services by ?wsdl, in SOAP 1.1 and 1.2, with every sample in its printed case', async () => {
      const calls = ['AppointmentDealInterfaceSoap', 'AppointmentDealInterfaceSoap12'].flatMap(port =>
        samples.map(([service, msgBody]) => ({ port, parameters: { msgHeader: header(service), msgBody } })),
      );
      const answers = await callByZeep(`${flow.url}${PATH}?wsdl`, calls);
      const services = [...samples, ...samples].map(([service]) => service);
      for (const [at, { result, ...problem }] of answers.entries()) {
        assert.deepEqual(problem, {}, JSON.stringify(problem));
        const { success, deviations } = readAnswer(services[at] ?? assert.fail(), String(result));
        assert.deepEqual([services[at], success, deviations], [services[at], true, []]);
      }
      assert.deepEqual(reached, services);
    });
  });

  /** What a call got: HTTP status, and success or the fault's text. */
  async function call(
    body: string | Buffer,
    headers: Record<string, string> = { 'Content-Type': 'text/xml; charset=utf-8' },
  ): Promise<{ status: number; said: string }> {
    const { status, text } = await request(flow.url + PATH, { body, headers });
    const said = /<(?:faultstring|soap:Text)[^>]*>([^<]*)/.exec(text)?.[1];
    if (said !== undefined) return { status, said: `fault ${said}` };
    const result = /Result>([\s\S]*)<\/\w*Result>/.exec(text)?.[1] ?? '';
    const { success, error } = readAnswer('MedicalAppoint', readXml(`<r>${result}</r>`).text);
    return { status, said: success ? 'Yes' : `No ${error}` };
  }
  const escape = (xml: string): string => xml.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const envelopeOf = (msgHeader: string, msgBody: string): string =>
    envelope(
      `<AppointmentDealInterface xmlns="http://tempuri.org/"><msgHeader>${escape(msgHeader)}</msgHeader><msgBody>${escape(msgBody)}</msgBody></AppointmentDealInterface>`,
    );
  const BOOK = fixture('MedicalAppoint.request.xml');
  const good = envelopeOf(header('MedicalAppoint'), BOOK);

  const hostile: [string, string | Buffer, Record<string, string> | undefined, RegExp][] = [
    [
      'wrong certificate',
      envelopeOf(header('MedicalAppoint').replace(SECRETS.certificate, 'x'), BOOK),
      undefined,
      /^200 No 凭证号/,
    ],
    ['unknown service', envelopeOf(header('Nonsense'), BOOK), undefined, /^200 No 服务名/],
    [
      'broken inner XML',
      envelopeOf(header('MedicalAppoint'), BOOK.slice(0, -9)),
      undefined,
      /^200 No msgBody：XML 格式错误，第 \d+ 行/,
    ],
    [
      'inner DTD',
      envelopeOf(header('MedicalAppoint'), `<!DOCTYPE root [<!ENTITY a "b">]>${BOOK}`),
      undefined,
      /^200 No .*DOCTYPE/,
    ],
    ['broken envelope', good.slice(0, -20), undefined, /^500 fault/],
    [
      'DTD bomb',
      `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 20 }, (_, n) => `<!ENTITY b${n} "&a;&a;&a;">`).join('')}]>${good}`,
      undefined,
      /^(?:400|500) fault/,
    ],
    [
      'bad gzip',
      Buffer.concat([gzipSync(good).subarray(0, 100), Buffer.from('garbage')]),
      { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Encoding': 'gzip' },
      /^(?:400|500) fault/,
    ],
    ['20 MB', Buffer.alloc(20 * 1024 * 1024, 0x20), undefined, /^413 fault/],
    ['nested 10,000 deep', envelope('<a>'.repeat(10_000) + '</a>'.repeat(10_000)), undefined, /^500 fault/],
    [
      'inner XML 10,000 deep',
      envelopeOf(header('MedicalAppoint'), '<a>'.repeat(10_000) + '</a>'.repeat(10_000)),
      undefined,
      /^200 No msgBody/,
    ],
    [
      'slot and two orders',
      envelopeOf(header('MedicalAppoint'), BOOK.replace('TEST2030000001<', 'TEST2030000001,TEST2030000002<')),
      undefined,
      /^200 No .*未预约/,
    ],
    ['another method', envelope('<Other xmlns="http://tempuri.org/"/>'), undefined, /^500 fault/],
    ['nothing', '', undefined, /^(?:400|500) fault/],
  ];
  for (const [what, body, headers, answer] of hostile) {
    it(`${what}: right answer, nothing booked, and the next call works`, async () => {
      const { status, said } = await call(body, headers);
      assert.match(`${status} ${said}`, answer);
      assert.deepEqual(reached, []);
      assert.deepEqual(await call(good), { status: 200, said: 'Yes' });
      assert.deepEqual(reached, ['MedicalAppoint']);
    });
  }

  const odd: [string, string | Buffer, Record<string, string>][] = [
    ['GBK', encodeGbk(good), { 'Content-Type': 'text/xml; charset=GBK' }],
    [
      'UTF-16 with a byte-order mark',
      Buffer.from(`\uFEFF${good.replace(/^<\?xml.*?\?>/, '')}`, 'utf16le'),
      { 'Content-Type': 'text/xml; charset=utf-16' },
    ],
    ['gzip', gzipSync(good), { 'Content-Type': 'text/xml', 'Content-Encoding': 'gzip' }],
    [
      'SOAP 1.2',
      envelope(good.slice(good.indexOf('<s:Body>') + 8, good.indexOf('</s:Body>')), SOAP12),
      { 'Content-Type': 'application/soap+xml; charset=utf-8' },
    ],
    ['no SOAPAction, no charset', good, { 'Content-Type': 'text/xml' }],
    ['SOAPAction of another service', good, { 'Content-Type': 'text/xml', SOAPAction: '"urn:other"' }],
    [
      'CDATA, other case and prefix',
      envelope(
        `<x:appointmentdealinterface xmlns:x="urn:y"><MSGHEADER><![CDATA[${header('MedicalAppoint')}]]></MSGHEADER><MsgBody><![CDATA[${BOOK}]]></MsgBody></x:appointmentdealinterface>`,
      ),
      { 'Content-Type': 'text/xml; charset=utf-8' },
    ],
    [
      'literal XML',
      envelope(
        `<AppointmentDealInterface xmlns="http://tempuri.org/"><msgHeader>${header('MedicalAppoint').replace(/^<\?.*?\?>/, '')}</msgHeader><msgBody>${BOOK}</msgBody></AppointmentDealInterface>`,
      ),
      { 'Content-Type': 'text/xml; charset=utf-8' },
    ],
  ];
  for (const [what, body, headers] of odd) {
    it(`${what}: booked once`, async () => {
      assert.deepEqual(await call(body, headers), { status: 200, said: 'Yes' });
      assert.deepEqual(reached, ['MedicalAppoint']);
    });
  }
});
