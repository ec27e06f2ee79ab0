import assert from 'node:assert/strict';
import fs from 'node:fs';
import { XMLParser } from 'fast-xml-parser';
import hospitals from '../../lib/contract/hospitals.json';
import { type Table, fieldFinder, queryFields, recordName, uploadFields } from '../../lib/contract/field';
import { bookingServices, interfaces, soapMethods, viewerPages } from '../../lib/contract/services';
import { STATUS_TEXTS, statusCode, statusText } from '../../lib/contract/booking-status';
import * as booking from '../../lib/contract/tables/booking';
import * as envelope from '../../lib/contract/tables/envelope';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { syncAppointData, updateBillingInfo } from '../../lib/contract/tables/sync';
import { fixture } from '../support/fixture';

/** A parser of its own, which keeps the order of elements and attributes as they stand in the document. */
type Ordered = Record<string, unknown>[];
const ordered = (xml: string): Ordered =>
  new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
  }).parse(xml) as Ordered;

const names = (nodes: Ordered): string[] =>
  nodes.flatMap(node => Object.keys(node)).filter(name => !['#text', ':@', '?xml', '#cdata'].includes(name));

/** Children of the first element on that path. */
function inside(nodes: Ordered, ...path: string[]): Ordered {
  return path.reduce((at, name) => at.find(node => name in node)?.[name] as Ordered, nodes);
}

const attributesOfItem = (name: string, wrapper: string): string[] => {
  const item = inside(ordered(fixture(name)), 'root', wrapper).find(node => 'item' in node);
  return Object.keys(item?.[':@'] as object);
};

const printed = (table: Table): string[] => table.fields.map(field => field.name);

describe('the agreement as data', () => {
  describe('agrees with the samples in order and case', () => {
    it('lab report upload (4.1)', () => {
      assert.deepEqual(
        attributesOfItem('ArchiveAutoReport.lab.xml', 'labmaster'),
        uploadFields(labMaster).map(recordName),
      );
      assert.deepEqual(
        attributesOfItem('ArchiveAutoReport.lab.xml', 'lab_subitem'),
        uploadFields(labSubitem).map(recordName),
      );
    });
    it('exam report upload (4.2)', () => {
      assert.deepEqual(
        attributesOfItem('ArchiveAutoReport.exam.xml', 'exammaster'),
        uploadFields(examMaster).map(recordName),
      );
    });
    it('query answers (4.3, 4.4)', () => {
      const lab = inside(ordered(fixture('GetLabInfo.response.xml')), 'root');
      assert.deepEqual(
        names(inside(lab, 'labmaster')),
        queryFields(labMaster).map(field => field.element),
      );
      assert.deepEqual(
        names(inside(lab, 'lab_subitem')),
        queryFields(labSubitem).map(field => field.element),
      );
      const exam = inside(ordered(fixture('GetExamInfo.response.xml')), 'root', 'exammaster');
      assert.deepEqual(
        names(exam),
        queryFields(examMaster).map(field => field.element),
      );
    });
    for (const service of [
      'GetExamItemList',
      'GetSignalSourceList',
      'MedicalAppoint',
      'CancelAppoint',
      'GetAppointReceipt',
      'GetAppointItemInfo',
    ] as const) {
      it(`${service} request`, () => {
        const sample = inside(ordered(fixture(`${service}.request.xml`)), 'root');
        assert.deepEqual(names(sample), printed(bookingServices[service].request));
      });
    }
    for (const service of ['GetExamItemList', 'GetSignalSourceList', 'GetAppointReceiptXml'] as const) {
      it(`${service} answer`, () => {
        const content = inside(ordered(fixture(`${service}.response.xml`)), 'root', 'returnContent');
        assert.deepEqual(names(content).slice(0, 2), printed(booking.returnContent));
        assert.deepEqual(names(inside(content, 'items', 'item')), printed(bookingServices[service].items));
      });
    }
    it('GetAppointItemInfo answer, nested', () => {
      const item = inside(
        ordered(fixture('GetAppointItemInfo.response.xml')),
        'root',
        'returnContent',
        'items',
        'item',
      );
      assert.deepEqual(names(item), [...printed(booking.examDepartment), 'examItemInfo']);
      const exam = inside(item, 'examItemInfo');
      assert.deepEqual(names(exam), [...printed(booking.examItemInfo), 'hisExamItemInfo']);
      assert.deepEqual(names(inside(exam, 'hisExamItemInfo')), printed(booking.hisExamItemInfo));
    });
    it('CDATA fields of the receipt', () => {
      const cdata = [...fixture('GetAppointReceiptXml.response.xml').matchAll(/<(\w+)><!\[CDATA/g)].map(
        found => found[1],
      );
      assert.deepEqual(
        booking.getAppointReceiptXmlItem.fields.filter(field => 'cdata' in field).map(field => field.name),
        cdata,
      );
    });
    it('UpdateBillingInfo and SyncAppointData (3.3)', () => {
      const item = (file: string): Ordered => inside(ordered(fixture(file)), 'MsgBody', 'Params', 'Item');
      assert.deepEqual(names(item('UpdateBillingInfo.MsgBody.xml')), printed(updateBillingInfo));
      assert.deepEqual(names(item('SyncAppointData.MsgBody.xml')), printed(syncAppointData));
    });
    it('headers (3.1)', () => {
      assert.deepEqual(
        names(inside(ordered(fixture('hospital.msgHeader.xml')), 'root')),
        printed(envelope.hospitalHeader),
      );
      assert.deepEqual(
        names(inside(ordered(fixture('platform.MsgHeader.xml')), 'MsgHeader')),
        printed(envelope.platformHeader),
      );
      assert.deepEqual(
        Object.keys(JSON.parse(fixture('platform.response.ok.json')) as object),
        printed(envelope.platformAnswer),
      );
    });
  });

  it('has an English text without Chinese for every field, and a Chinese one', () => {
    for (const table of [
      labMaster,
      labSubitem,
      examMaster,
      syncAppointData,
      updateBillingInfo,
      ...Object.values(viewerPages),
      ...Object.values(booking),
      ...Object.values(envelope),
    ] as Table[]) {
      for (const { name, zh, en } of table.fields) {
        assert.doesNotMatch(en, /[\u4e00-\u9fff]/, `${table.name} ${name}`);
        assert.ok(zh !== '' && en !== '', `${table.name} ${name}`);
      }
    }
  });

  it('holds the stated numbers of fields', () => {
    const counted = (table: Table): number => table.fields.filter(field => !field.wireOnly).length;
    assert.deepEqual([labMaster, labSubitem, examMaster].map(counted), [50, 25, 59]);
    assert.deepEqual(
      [updateBillingInfo, syncAppointData].map(table => table.fields.length),
      [7, 24],
    );
    assert.equal(queryFields(examMaster).length, 55);
    assert.deepEqual(
      Object.values(viewerPages).map(page => page.fields.length),
      [13, 33, 23, 18],
    );
    assert.deepEqual([booking.sourceId.fields.length, booking.receiptItem.fields.length], [7, 9]);
  });

  it('has 17 interfaces, 11 of them basic', () => {
    assert.equal(interfaces.length, 17);
    assert.equal(interfaces.filter(({ basic }) => basic).length, 11);
    assert.deepEqual(
      interfaces.filter(({ basic }) => !basic).map(({ section }) => section),
      ['3.2.2', '3.2.3', '3.2.4', '3.2.5', '3.2.6', '3.3.2'],
    );
  });

  it('names the SOAP parameters as printed', () => {
    assert.deepEqual(soapMethods.AppointmentDealInterface, ['msgHeader', 'msgBody']);
    assert.deepEqual(soapMethods.CallInterface, ['MsgHeader', 'MsgBody']);
    assert.deepEqual(soapMethods.GetLabInfo, [
      'strIDNO',
      'strSSID',
      'strStartTime',
      'strEndTime',
      'strCredential',
      'strKey',
    ]);
  });

  it('has no two fields in one table that differ only in case', () => {
    const tables: Table[] = [
      labMaster,
      labSubitem,
      examMaster,
      syncAppointData,
      updateBillingInfo,
      ...Object.values(viewerPages),
      ...Object.values(booking),
      ...Object.values(envelope),
    ];
    for (const table of tables) {
      const lower = table.fields.map(field => field.name.toLowerCase());
      assert.equal(new Set(lower).size, lower.length, table.name);
      assert.ok(
        table.fields.every(field => fieldFinder(table)(field.name.toUpperCase()) === field),
        table.name,
      );
    }
  });

  it('knows the status texts and their numbers (A-29a)', () => {
    assert.equal(STATUS_TEXTS.length, 8);
    assert.equal(statusCode('未预约'), undefined);
    assert.deepEqual(
      ['已预约', '已取消', '自动组合预约', '组合预约', '已签到', '已检查', '已报告'].map(statusCode),
      ['1', '2', '3', '4', '5', '6', '7'],
    );
    assert.equal(statusText('7'), '已报告');
    assert.equal(statusText('8'), undefined);
  });

  it('names 14 hospitals, five with their operator and institution code, and no secret', () => {
    assert.equal(hospitals.length, 14);
    const known = hospitals.filter(hospital => 'operator' in hospital);
    assert.deepEqual(
      known.map(hospital => [hospital.operator, hospital.organCode]),
      [
        ['FSDYYYApi', 'XM-10002-FSDYYY'],
        ['FDZSYYApi', 'XM-10001-FSZSYY'],
        ['XMHCYYApi', 'XM-10003-XMHCYY'],
        ['XMETYYApi', 'XM-10004-XMETYY'],
        ['XMDSYYApi', 'XM-10005-XMDSYY'],
      ],
    );
    assert.doesNotMatch(fs.readFileSync('lib/contract/hospitals.json', 'utf8'), /appid|[0-9a-f]{16}/i);
  });
});
