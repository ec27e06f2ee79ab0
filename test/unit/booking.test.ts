import assert from 'node:assert/strict';
import { PDFDocument } from '@cantoo/pdf-lib';
import { type Answer, type AnswerOptions, refusal, writeAnswer } from '../../lib/booking/answer';
import { type BookingCall, BookingDesk, answerCall, waitingCall } from '../../lib/booking/booking-desk';
import { type BookingAccess, readBookingRequest, sameSecret } from '../../lib/booking/request';
import type { BookingServiceName } from '../../lib/contract/services';
import { type XmlElement, child, readXml, valuesOf } from '../../lib/wire/xml-read';
import { citySample, fixture } from '../support/fixture';

const CERTIFICATE = 'PLACEHOLDER-CERTIFICATE';
const access: BookingAccess = {
  certificate: CERTIFICATE,
  allowedOperators: new Set(),
  check: { validation: 'lenient', lengthUnit: 'char' },
};

const header = (service: string, certificate = CERTIFICATE): string =>
  `<?xml version="1.0" encoding="utf-8"?><root><serverName>${service}</serverName><format>xml</format><callOperator>xmzsh</callOperator><certificate>${certificate}</certificate></root>`;

const body = (fields: Record<string, string>): string =>
  `<root>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</root>`;

const SLOT = '1|99|TEST0001|88|2|2030-01-02 08:20|08:00~09:00';
const booking = {
  clientType: '7',
  patientType: '1',
  patientNo: 'Z00000000',
  startDate: '2030-01-01',
  endDate: '2030-12-31',
  itemIDs: 'TEST2030000001',
  sourceid: SLOT,
  area: '1',
};

/** The answer document as the platform reads it: out of the SOAP text, unescaped once. */
const contentOf = (answer: { body: { toString(): string } }): XmlElement => {
  const result = readXml(`<r>${answer.body.toString()}</r>`).text;
  assert.match(result, /^<\?xml version="1\.0" encoding="utf-8"\?><root><returnContent>/);
  const content = child(readXml(result), 'returnContent');
  assert.ok(content);
  return content;
};
const saying = (answer: { body: { toString(): string } }): { success: string; error: string } => {
  const { success = '', error = '' } = valuesOf(contentOf(answer));
  return { success, error };
};

describe('booking request', () => {
  const samples: [BookingServiceName, string][] = [
    ['GetExamItemList', 'GetExamItemList.request.xml'],
    ['GetSignalSourceList', 'GetSignalSourceList.request.xml'],
    ['MedicalAppoint', 'MedicalAppoint.request.xml'],
    ['MedicalAppoint', 'MedicalAppoint.default-booking.request.xml'],
    ['CancelAppoint', 'CancelAppoint.request.xml'],
    ['GetAppointReceipt', 'GetAppointReceipt.request.xml'],
    ['GetAppointReceiptXml', 'GetAppointReceipt.request.xml'],
    ['GetAppointItemInfo', 'GetAppointItemInfo.request.xml'],
  ];
  for (const [service, sample] of samples) {
    it(`${sample} as ${service}`, () => {
      const request = readBookingRequest(header(service), fixture(sample), access);
      assert.equal(request.service, service);
      const sent = valuesOf(readXml(fixture(sample)));
      assert.deepEqual(
        { ...request.record, ...sent },
        { ...request.record },
        'every value that was sent is in the record',
      );
    });
  }
  it('takes composite values apart', () => {
    const one = readBookingRequest(header('MedicalAppoint'), body(booking), access);
    assert.deepEqual(one.itemIds, ['TEST2030000001']);
    assert.equal(one.sourceId?.['LabCode'], 'TEST0001');
    const many = readBookingRequest(
      header('MedicalAppoint'),
      fixture('MedicalAppoint.default-booking.request.xml'),
      access,
    );
    assert.deepEqual([many.itemIds?.length, many.sourceId], [2, undefined]);
    assert.deepEqual(
      readBookingRequest(header('CancelAppoint'), body({ ...booking, itemIDs: 'a|b，c' }), access).itemIds,
      ['a', 'b', 'c'],
    );
    assert.equal(
      readBookingRequest(header('GetAppointReceipt'), fixture('GetAppointReceipt.request.xml'), access)
        .receiptItems?.length,
      2,
    );
  });
  it('reads the header of the other party, in any case, and the examples that break the case', () => {
    const other = `<MsgHeader><ServerName>getexamitemlist</ServerName><CERTIFICATE>${CERTIFICATE}</CERTIFICATE></MsgHeader>`;
    assert.equal(
      readBookingRequest(other, fixture('GetExamItemList.request.xml'), access).service,
      'GetExamItemList',
    );
    assert.equal(
      readBookingRequest(header('GetSignalSourceList'), citySample('GetSignalSourceList.request.xml'), access)
        .record['labCode'],
      'TEST0001',
    );
  });
  it('takes clientType 3 and odd dates without complaint (A-27, A-37)', () => {
    const request = readBookingRequest(
      header('MedicalAppoint'),
      body({ ...booking, clientType: '3', startDate: '2030/1/1' }),
      access,
    );
    assert.deepEqual(
      [request.record['clientType'], request.record['startDate'], request.warnings],
      ['3', '2030-01-01', []],
    );
  });

  const refused: [string, string | null, string | null, RegExp][] = [
    ['wrong certificate', header('MedicalAppoint', 'other'), body(booking), /凭证号/],
    ['no certificate', '<root><serverName>MedicalAppoint</serverName></root>', body(booking), /凭证号/],
    ['unknown service', header('DropTables'), body(booking), /服务名\(serverName\)未知/],
    ['no header', null, body(booking), /msgHeader 为空/],
    ['broken header', '<root><serverName>', body(booking), /msgHeader：XML 格式错误，第 1 行/],
    ['no body', header('MedicalAppoint'), null, /msgBody 为空/],
    ['broken body', header('MedicalAppoint'), '<root><patientNo>Z', /msgBody：XML 格式错误/],
    ['body with a DTD', header('MedicalAppoint'), '<!DOCTYPE a [<!ENTITY b "c">]><root/>', /DOCTYPE/],
    [
      'slot and two orders (A-24)',
      header('MedicalAppoint'),
      body({ ...booking, itemIDs: 'a,b' }),
      /只能传一个单据号.*未预约/,
    ],
    ['slot of six parts', header('MedicalAppoint'), body({ ...booking, sourceid: '1|2|3|4|5|6' }), /7 段/],
    ['no order', header('MedicalAppoint'), body({ ...booking, itemIDs: '' }), /单据号|itemIDs/],
    ['separators only', header('CancelAppoint'), body({ ...booking, itemIDs: ' | ' }), /itemIDs/],
    ['no patient', header('GetExamItemList'), body({ ...booking, patientNo: '' }), /patientNo/],
    [
      'receipt with an empty part (A-29c)',
      header('GetAppointReceipt'),
      body({ receiptItems: 'g|1||0|T|99|P|1|Z' }),
      /第 1 条应为 9 段/,
    ],
    ['no date', header('GetExamItemList'), body({ ...booking, startDate: '2030-02-30' }), /startDate/],
  ];
  for (const [what, head, text, words] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readBookingRequest(head, text, access),
        (error: unknown) =>
          error instanceof Error &&
          error.name === 'BookingRefusal' &&
          words.test(error.message) &&
          !error.message.includes('Z00000000'),
      );
    });
  }
  it('refuses operators that are not on the list, when there is one (A-11)', () => {
    const limited = { ...access, allowedOperators: new Set(['xmzsh']) };
    assert.equal(
      readBookingRequest(header('GetExamItemList'), fixture('GetExamItemList.request.xml'), limited).operator,
      'xmzsh',
    );
    assert.throws(
      () => readBookingRequest(header('GetExamItemList').replace('xmzsh', 'other'), '<root/>', limited),
      /操作者/,
    );
  });
  it('lets nobody in while no certificate is set', () => {
    assert.equal(sameSecret('', ''), false);
    assert.throws(
      () => readBookingRequest(header('GetExamItemList', ''), '<root/>', { ...access, certificate: '' }),
      /凭证号/,
    );
  });
});

const options: AnswerOptions = { maxItems: 100, receiptDateStyle: 'table', mergePdf: true };
const write = (
  service: BookingServiceName,
  given: unknown,
  more: Partial<AnswerOptions> = {},
): Promise<Answer> => writeAnswer(service, given, { ...options, ...more });

/** Texts of the elements of the first item. */
const firstItem = (answer: Answer): Record<string, string> => {
  const item = child(child(contentOf(answer), 'items') ?? contentOf(answer), 'item');
  return item ? Object.fromEntries(item.children.map(({ name, text }) => [name, text])) : {};
};

describe('booking answer', () => {
  for (const service of [
    'GetExamItemList',
    'GetSignalSourceList',
    'GetAppointReceiptXml',
    'GetAppointItemInfo',
  ] as const) {
    it(`${service}: the sample's values come out in the sample's form`, async () => {
      const sample = child(
        readXml(fixture(`${service}.response.xml`).replace(/>\s+</g, '><')),
        'returnContent',
      );
      const item = child(child(sample ?? assert.fail(), 'items') ?? assert.fail(), 'item') ?? assert.fail();
      const plain = (element: XmlElement): Record<string, unknown> =>
        Object.fromEntries(
          element.children.map(one => [
            one.name.toUpperCase(),
            one.children.length > 0 ? [plain(one)] : one.text,
          ]),
        );
      const answer = await write(service, [plain(item)], { receiptDateStyle: 'slash' });
      const written = child(child(contentOf(answer), 'items') ?? assert.fail(), 'item');
      assert.deepEqual(written, item);
    });
  }
  it('nests the flat rows of a join (3.2.7)', async () => {
    const row = (dept: string, exam: string, his: string): object => ({
      EXAMDEPTCODE: dept,
      examitemcode: exam,
      hisItemCode: his,
    });
    const content = contentOf(
      await write('GetAppointItemInfo', [
        row('D1', 'E1', 'H1'),
        row('D1', 'E1', 'H2'),
        row('D1', 'E2', 'H3'),
        row('D2', 'E3', ''),
        row('D1', 'E2', 'H4'),
      ]),
    );
    const tree = (child(content, 'items') ?? assert.fail()).children.map(dept => [
      valuesOf(dept)['examDeptCode'],
      dept.children
        .filter(({ name }) => name === 'examItemInfo')
        .map(exam => [
          valuesOf(exam)['examItemCode'],
          exam.children
            .filter(({ name }) => name === 'hisExamItemInfo')
            .map(his => valuesOf(his)['hisItemCode']),
        ]),
    ]);
    assert.deepEqual(tree, [
      [
        'D1',
        [
          ['E1', ['H1', 'H2']],
          ['E2', ['H3', 'H4']],
        ],
      ],
      ['D2', [['E3', []]]],
    ]);
  });
  it('numbers the names of a composite group on one receipt (A-29e)', async () => {
    const rows = [
      { GroupId: 'G1', HisName: '彩超一', PatientName: '测试甲' },
      { GroupId: 'G1', HisName: '彩超二', PatientName: '测试甲' },
      { GroupId: 'G2', HisName: '心电图', PatientName: '测试甲' },
    ];
    const items = (child(contentOf(await write('GetAppointReceiptXml', rows)), 'items') ?? assert.fail())
      .children;
    assert.deepEqual(
      items.map(item => valuesOf(item)['HisName']),
      ['1.彩超一;2.彩超二', '心电图'],
    );
  });
  it('writes dates of the receipt as configured (A-29f)', async () => {
    const row = { BillDate: new Date(2030, 0, 2, 8, 5, 0), StartAppointmentTime: '2030/1/2 15:30' };
    assert.equal(
      firstItem(await write('GetAppointReceiptXml', [row]))['StartAppointmentTime'],
      '2030-01-02 15:30:00',
    );
    const slash = firstItem(await write('GetAppointReceiptXml', [row], { receiptDateStyle: 'slash' }));
    assert.deepEqual(
      [slash['BillDate'], slash['StartAppointmentTime']],
      ['2030/1/2 8:05:00', '2030/1/2 15:30:00'],
    );
  });
  it('turns a status number into its text (A-29a)', async () => {
    assert.equal(
      firstItem(await write('GetExamItemList', { AppointmentStatus: 3 }))['AppointmentStatus'],
      '自动组合预约',
    );
  });
  it('carries awkward text through both escapes', async () => {
    const text = `<"&'> ]]> &lt; 𠮷\n第二行`;
    assert.equal(
      firstItem(await write('GetExamItemList', [{ Description: text, Hiskey: '000123' }]))['Description'],
      text,
    );
  });
  it('an empty list is a success without items', async () => {
    const answer = await write('GetExamItemList', []);
    assert.deepEqual([saying(answer).success, answer.items], ['Yes', 0]);
    assert.equal(child(contentOf(answer), 'items')?.children.length, 0);
  });
  it('services without a list answer Yes', async () => {
    assert.deepEqual(saying(await write('MedicalAppoint', { anything: 1 })), { success: 'Yes', error: '' });
    assert.equal(contentOf(await write('CancelAppoint', undefined)).children.length, 2);
  });
  for (const given of [
    { success: 'No', error: '号源已被占用 <1>' },
    { Success: false, ERROR: '号源已被占用 <1>' },
  ]) {
    it(`refusal by the flow: ${JSON.stringify(given)}`, async () => {
      assert.deepEqual(saying(await write('MedicalAppoint', given)), {
        success: 'No',
        error: '号源已被占用 <1>',
      });
    });
  }
  it('refuses what can be no answer, before anything is written', async () => {
    await assert.rejects(write('GetExamItemList', 'text'), { code: 'CONTRACT' });
    await assert.rejects(write('GetExamItemList', [1, 2]), { code: 'CONTRACT' });
    await assert.rejects(
      write(
        'GetExamItemList',
        Array.from({ length: 101 }, () => ({})),
      ),
      { code: 'TOO_LARGE' },
    );
  });

  describe('PDF receipts (A-29d)', () => {
    const pdf = async (width: number): Promise<Buffer> => {
      const document = await PDFDocument.create();
      document.addPage([width, 100]);
      return Buffer.from(await document.save());
    };
    const sent = (answer: Answer): Buffer => Buffer.from(valuesOf(contentOf(answer))['item'] ?? '', 'base64');
    it('one PDF goes through unchanged, as Buffer or base64', async () => {
      const one = await pdf(100);
      assert.deepEqual(sent(await write('GetAppointReceipt', one)), one);
      assert.deepEqual(sent(await write('GetAppointReceipt', one.toString('base64'))), one);
      assert.deepEqual(sent(await write('GetAppointReceipt', { item: one })), one);
    });
    it('several are merged in their order', async () => {
      const merged = await PDFDocument.load(
        sent(await write('GetAppointReceipt', [await pdf(100), await pdf(200), await pdf(300)])),
      );
      assert.deepEqual(
        merged.getPages().map(page => page.getWidth()),
        [100, 200, 300],
      );
    });
    it('anything else is refused', async () => {
      for (const given of [
        Buffer.from('<html>'),
        'no/such/file.pdf',
        '',
        [],
        undefined,
        5,
        [await pdf(100), Buffer.from('%PDF-broken')],
      ]) {
        await assert.rejects(write('GetAppointReceipt', given), { code: 'CONTRACT' });
      }
    });
  });
});

describe('booking desk', () => {
  const open = (
    more: { repeatMs?: number; now?: () => number } = {},
  ): { desk: BookingDesk; calls: BookingCall[] } => {
    const calls: BookingCall[] = [];
    return {
      calls,
      desk: new BookingDesk({
        access,
        repeatMs: 60_000,
        onCall: call => calls.push(call),
        ...more,
      }),
    };
  };
  const yes = (call: BookingCall | undefined): Promise<boolean> =>
    writeAnswer('MedicalAppoint', {}, options).then(answer => answerCall(call?.id ?? '', answer));
  const appoint = (desk: BookingDesk, fields = booking): Promise<{ toString(): string }> =>
    desk.handle(header('MedicalAppoint'), body(fields));

  it('hands a call to the flow and its answer back', async () => {
    const { desk, calls } = open();
    const answer = appoint(desk);
    assert.equal(calls.length, 1);
    assert.equal(waitingCall(calls[0]?.id ?? '')?.service, 'MedicalAppoint');
    assert.equal(desk.pending, 1);
    assert.equal(await yes(calls[0]), true);
    assert.equal(saying({ body: await answer }).success, 'Yes');
    assert.equal(desk.pending, 0);
    assert.equal(await yes(calls[0]), false, 'a second answer finds nobody waiting');
  });
  it('answers a refused call without the flow', async () => {
    const { desk, calls } = open();
    assert.deepEqual(saying({ body: await desk.handle(header('MedicalAppoint', 'wrong'), body(booking)) }), {
      success: 'No',
      error: '凭证号(certificate)无效',
    });
    assert.equal(calls.length, 0);
  });
  it('a repeated booking joins the one at work, and later gets its answer, without a second booking (A-29i)', async () => {
    const { desk, calls } = open();
    const first = appoint(desk);
    const second = appoint(desk);
    await yes(calls[0]);
    assert.deepEqual(
      [saying({ body: await first }).success, saying({ body: await second }).success],
      ['Yes', 'Yes'],
    );
    assert.equal(saying({ body: await appoint(desk) }).success, 'Yes');
    assert.equal(calls.length, 1);
  });
  it('another order, or the same after the time, reaches the flow', async () => {
    let now = 0;
    const { desk, calls } = open({ now: () => now });
    const first = appoint(desk);
    await yes(calls[0]);
    await first;
    void appoint(desk, { ...booking, itemIDs: 'TEST2030000002' });
    assert.equal(calls.length, 2);
    now = 60_001;
    void appoint(desk);
    assert.equal(calls.length, 3);
  });
  it('a refused booking may be tried again', async () => {
    const { desk, calls } = open();
    const first = appoint(desk);
    answerCall(calls[0]?.id ?? '', refusal('号源已被占用'));
    assert.equal(saying({ body: await first }).error, '号源已被占用');
    void appoint(desk);
    assert.equal(calls.length, 2);
  });
  it('after a cancellation the same booking is a new one', async () => {
    const { desk, calls } = open();
    const first = appoint(desk);
    await yes(calls[0]);
    await first;
    const cancelled = desk.handle(
      header('CancelAppoint'),
      body({ clientType: '7', patientType: '1', itemIDs: 'TEST2030000001' }),
    );
    await yes(calls[1]);
    await cancelled;
    void appoint(desk);
    assert.equal(calls.length, 3);
  });
  it('questions are never answered from memory', async () => {
    const { desk, calls } = open();
    for (let n = 0; n < 2; n++)
      void desk.handle(header('GetExamItemList'), fixture('GetExamItemList.request.xml'));
    assert.equal(calls.length, 2);
  });
  it('a closed desk has nobody waiting', () => {
    const { desk, calls } = open();
    void appoint(desk);
    desk.close();
    assert.equal(waitingCall(calls[0]?.id ?? ''), undefined);
    assert.equal(answerCall(calls[0]?.id ?? '', refusal('x')), false);
  });
});
