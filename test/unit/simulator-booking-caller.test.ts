import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { BookingServiceName } from '../../lib/contract/services';
import { BookingCaller, readAnswer } from '../../lib/simulator/platform/booking-caller';
import { readDocument } from '../../lib/simulator/platform/xml-document';
import { SoapEndpoint } from '../../lib/soap/endpoint';

const sample = (name: string): string =>
  fs.readFileSync(path.resolve('test/fixtures/agreement', name), 'utf8').trim();

describe('booking caller', () => {
  describe('reads the answers', () => {
    const samples: readonly BookingServiceName[] = [
      'GetExamItemList',
      'GetSignalSourceList',
      'CancelAppoint',
      'GetAppointReceipt',
      'GetAppointReceiptXml',
      'GetAppointItemInfo',
    ];
    for (const service of samples) {
      it(`finds nothing wrong with the sample of ${service}`, () => {
        const answer = readAnswer(service, sample(`${service}.response.xml`));
        assert.deepEqual(answer.deviations, []);
        assert.equal(answer.success, true);
      });
    }

    it('gives the records, nested ones too', () => {
      const [department] = readAnswer('GetAppointItemInfo', sample('GetAppointItemInfo.response.xml')).items;
      assert.deepEqual(department, {
        examDeptCode: 'E0001',
        examDeptName: '测试超声科',
        examDeptPycode: 'CSCSK',
        examDeptAddress: '测试楼二楼',
        examDeptTelphone: '0000-00000000',
        examItemInfo: [
          {
            examItemCode: 'TEST0001',
            examItemName: '测试彩超',
            itemNamePYCode: 'CSCC',
            friendlyReminder: '空腹',
            hisExamItemInfo: [
              {
                hisItemCode: 'H0001',
                hisItemName: '测试彩超',
                hisItemPYCode: 'CSCC',
                examItemPrice: '100.00',
                announcements: '无',
              },
            ],
          },
        ],
      });
    });

    it('gives the PDF', () => {
      assert.match(
        readAnswer('GetAppointReceipt', sample('GetAppointReceipt.response.xml')).pdf?.toString() ?? '',
        /^%PDF-1\.4/,
      );
    });

    it('reads a refusal', () => {
      assert.deepEqual(readAnswer('MedicalAppoint', sample('MedicalAppoint.response.failure.xml')), {
        success: false,
        error: '号源已被占用',
        items: [],
        deviations: [],
      });
    });

    const wrong: readonly (readonly [string, BookingServiceName, (xml: string) => string, RegExp])[] = [
      ['no declaration', 'GetExamItemList', xml => xml.replace(/^<\?.*\?>\s*/, ''), /声明/],
      ['another root', 'GetExamItemList', xml => xml.replaceAll('root>', 'Root>'), /根元素/],
      [
        'a second child of root',
        'GetExamItemList',
        xml => xml.replace('</root>', '<more/></root>'),
        /只有 returnContent/,
      ],
      [
        'success in another place',
        'GetExamItemList',
        xml => xml.replace(/(<success>Yes<\/success>)\s*(<error\/>)/, '$2$1'),
        /success、error/,
      ],
      ['another word for success', 'GetExamItemList', xml => xml.replace('>Yes<', '>YES<'), /Yes 或 No/],
      [
        'an error beside success',
        'GetExamItemList',
        xml => xml.replace('<error/>', '<error>x</error>'),
        /error 应为空/,
      ],
      ['no reason for a failure', 'CancelAppoint', xml => xml.replace('Yes', 'No'), /说明原因/],
      ['no list', 'GetExamItemList', xml => xml.replace(/<items>[^]*<\/items>/, ''), /之后应为 items/],
      [
        'a list where none belongs',
        'CancelAppoint',
        xml => xml.replace('<error/>', '<error/><items/>'),
        /之后应为 空/,
      ],
      [
        'a list of other elements',
        'GetExamItemList',
        xml => xml.replaceAll('item>', 'Item>'),
        /元素名应为 item/,
      ],
      [
        'an element too few',
        'GetExamItemList',
        xml => xml.replace('<Description></Description>', ''),
        /依次/,
      ],
      [
        'elements in another order',
        'GetExamItemList',
        xml => xml.replace(/(<Hiskey>.*<\/Hiskey>)\s*(<SerialNo>.*<\/SerialNo>)/, '$2$1'),
        /依次/,
      ],
      ['elements in another case', 'GetExamItemList', xml => xml.replaceAll('Hiskey', 'HisKey'), /依次/],
      [
        'an element too many',
        'GetExamItemList',
        xml => xml.replace('</item>', '<Extra/></item>'),
        /多余元素 Extra/,
      ],
      [
        'text between elements',
        'GetExamItemList',
        xml => xml.replace('</item>', 'text</item>'),
        /不应有文字/,
      ],
      ['a status of another form', 'GetExamItemList', xml => xml.replace('未预约', '1'), /AppointmentStatus/],
      [
        'a date of another form',
        'GetSignalSourceList',
        xml => xml.replace('<Date>2030-01-02', '<Date>soon'),
        /Date/,
      ],
      [
        'an unknown nested element',
        'GetAppointItemInfo',
        xml => xml.replaceAll('hisExamItemInfo', 'HisExamItemInfo'),
        /多余元素 HisExamItemInfo/,
      ],
      ['no PDF', 'GetAppointReceipt', xml => xml.replace('JVBERi', 'AAAAAA'), /%PDF/],
      ['broken base64', 'GetAppointReceipt', xml => xml.replace('JVBERi', 'JVBE Ri'), /base64/],
      ['malformed XML', 'GetExamItemList', xml => xml.replace('</item>', ''), /XML 格式错误/],
    ];
    for (const [name, service, breakIt, said] of wrong) {
      it(`notices ${name}`, () => {
        const xml = sample(`${service}.response.xml`);
        assert.notEqual(breakIt(xml), xml, 'the sample has changed');
        const { deviations } = readAnswer(service, breakIt(xml));
        assert.match(deviations.join('\n'), said);
      });
    }
  });

  it('sends what the agreement prints', async () => {
    const seen: Record<string, string | null>[] = [];
    const endpoint = new SoapEndpoint({
      serviceName: 'Hospital',
      operations: [{ name: 'AppointmentDealInterface', parameters: ['msgHeader', 'msgBody'] }],
      handle: ({ parameters }) => {
        seen.push({ ...parameters });
        return Promise.resolve(sample('CancelAppoint.response.xml'));
      },
    });
    const server = http.createServer(endpoint.handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const caller = new BookingCaller({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      certificate: 'PLACEHOLDER-CERTIFICATE',
    });
    const body = { clientType: '7', patientType: '1', itemIDs: 'TEST2030000001|TEST2030000002' };
    const answer = await caller.call('CancelAppoint', body);
    await caller.close();
    server.close();
    assert.deepEqual(answer, { success: true, error: '', items: [], deviations: [] });
    const squeeze = (xml: string): string => xml.replace(/>\s+</g, '><');
    assert.equal(
      seen[0]?.['msgHeader'],
      squeeze(sample('hospital.msgHeader.xml')).replace('GetExamItemList', 'CancelAppoint'),
    );
    assert.equal(seen[0]?.['msgBody'], squeeze(sample('CancelAppoint.request.xml')));
    assert.equal(readDocument(seen[0]?.['msgBody'] ?? '').name, 'root');
  });
});
