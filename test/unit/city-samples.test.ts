import assert from 'node:assert/strict';
import type { Table } from '../../lib/contract/field';
import { normalise } from '../../lib/contract/normalise';
import { bookingServices } from '../../lib/contract/services';
import { examMaster } from '../../lib/contract/tables/exam';
import { type CheckOptions, check, errorsOf } from '../../lib/contract/validate';
import { readLabReports } from '../../lib/report/lab-report';
import { parseAnswerJson } from '../../lib/wire/json-answer';
import { child, childrenNamed, readXml, readXmlTolerant, valuesOf } from '../../lib/wire/xml-read';
import { ExchangeError } from '../../lib/errors';
import { citySample, fixture } from '../support/fixture';

const strict: CheckOptions = { validation: 'strict', lengthUnit: 'char' };
const lenient: CheckOptions = { validation: 'lenient', lengthUnit: 'char' };

const found = (of: Table, row: Record<string, string>, options: CheckOptions): string[] => {
  const { record, findings } = normalise(of, row);
  return errorsOf(check(of, record, options, '', findings)).map(({ field, rule }) => `${field} ${rule}`);
};

const itemOf = (xml: string, wrapper: string): Record<string, string> => {
  const { root } = readXmlTolerant(xml);
  return { ...child(child(root, wrapper) ?? root, 'item')?.attributes };
};

describe("the city's own samples", () => {
  describe('exam report, pacs_id twice (A-33, A-34)', () => {
    it('is read after a named repair, the last filled pacs_id kept', () => {
      const { root, repairs } = readXmlTolerant(citySample('ArchiveAutoReport.exam.xml'));
      assert.deepEqual(repairs, ['repeated-attribute']);
      assert.equal(child(child(root, 'exammaster') ?? root, 'item')?.attributes['pacs_id'], 'TESTACC0001');
    });
    it('passes lenient and fails strict with exactly three findings', () => {
      const row = itemOf(citySample('ArchiveAutoReport.exam.xml'), 'exammaster');
      assert.deepEqual(found(examMaster, row, lenient), []);
      assert.deepEqual(found(examMaster, row, strict), [
        'state required',
        'body_part_name required',
        'participant_dtime required',
      ]);
    });
    it('has its slash dates brought to the form of the table (A-37)', () => {
      const { record, received } = normalise(
        examMaster,
        itemOf(citySample('ArchiveAutoReport.exam.xml'), 'exammaster'),
      );
      assert.equal(record.last_update_dtime, '2030-01-02 03:04:05');
      assert.equal(record.retrieve_date, '2030-01-02');
      assert.equal(record.birth_date, '1900-01-01');
      assert.equal(received['birth_date'], '1900/1/1 0:00:00');
    });
    it('is refused unrepaired', () => {
      assert.throws(() => readXml(citySample('ArchiveAutoReport.exam.xml')), { code: 'MALFORMED' });
    });
  });

  describe('lab report, items of another report', () => {
    const report = (options: CheckOptions) => {
      const { root } = readXmlTolerant(citySample('ArchiveAutoReport.lab.xml'));
      const items = childrenNamed(root, 'lab_subitem').map(wrapper => ({
        ...child(wrapper, 'item')?.attributes,
      }));
      const input = {
        labmaster: { ...child(child(root, 'labmaster') ?? root, 'item')?.attributes },
        lab_subitem: items,
      };
      const [read] = readLabReports(input, {
        check: options,
        archive: { orgCode: '000000T0001', dateStyle: 'table' },
        now: new Date(),
      });
      assert.ok(read);
      return read;
    };
    it('passes lenient, with the differences as warnings', () => {
      const { violations } = report(lenient);
      assert.deepEqual(errorsOf(violations), []);
      assert.equal(violations.filter(({ rule }) => rule === 'reference').length, 4);
    });
    it('fails strict with exactly the keys that differ', () => {
      assert.deepEqual(
        errorsOf(report(strict).violations).map(({ path, rule }) => `${path} ${rule}`),
        [
          'lab_subitem[1].event_no reference',
          'lab_subitem[1].report_form_no reference',
          'lab_subitem[2].event_no reference',
          'lab_subitem[2].report_form_no reference',
        ],
      );
    });
    it('keeps a 17-digit number as text', () => {
      assert.equal(report(lenient).items[0]?.report_form_no, '12345678901234567');
    });
  });

  it('receipt answer with <error><error/> is read after a named repair (A-13)', () => {
    const { root, repairs } = readXmlTolerant(citySample('GetAppointReceipt.response.xml'));
    assert.deepEqual(repairs, ['error-element']);
    const content = child(root, 'returnContent');
    assert.equal(content && valuesOf(content)['success'], 'Yes');
    assert.match(content ? (valuesOf(content)['item'] ?? '') : '', /^JVBERi/);
  });

  for (const [name, line] of [
    ['UpdateBillingInfo.MsgBody.xml', 10],
    ['SyncAppointData.MsgBody.xml', 5],
    ['GetLabInfo.response.xml', 54],
  ] as const) {
    it(`${name} is refused with line and column (A-17)`, () => {
      assert.throws(
        () => readXmlTolerant(citySample(name)),
        (error: unknown) =>
          error instanceof ExchangeError &&
          error.code === 'MALFORMED' &&
          Number(error.details['line']) >= line &&
          error.message.includes('第'),
      );
    });
  }

  it('request in the case of the example is read (A-21)', () => {
    const table = bookingServices.GetSignalSourceList.request;
    const printed = normalise(table, valuesOf(readXml(citySample('GetSignalSourceList.request.xml')))).record;
    const defined = normalise(table, valuesOf(readXml(fixture('GetSignalSourceList.request.xml')))).record;
    assert.deepEqual(printed, defined);
    assert.equal(printed.labCodeList, 'TEST0002;TEST0003');
  });

  it('JSON answer with typographic quotes and a trailing comma is read (A-15)', () => {
    assert.deepEqual(
      { ...parseAnswerJson(citySample('platform.response.json')) },
      { status: '1', msg: '成功，"已同步"', total: 1, rows: '1' },
    );
  });
});
