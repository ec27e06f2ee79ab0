import assert from 'node:assert/strict';
import { parseSourceId } from '../../lib/contract/composite';
import { readResidentId } from '../../lib/contract/identity';
import { fieldFinder } from '../../lib/contract/field';
import { bookingServices } from '../../lib/contract/services';
import { examItemInfo, hisExamItemInfo } from '../../lib/contract/tables/booking';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { EXAM_STATES } from '../../lib/simulator/hospital/seed-exam';
import { until } from '../support/until';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { isUid } from '../../lib/contract/dicom-terms';
import { readExamReports } from '../../lib/report/exam-report';
import { addDays, residentId } from '../../lib/simulator/hospital/synthetic-values';

const CARD = 'Z00000001';
const SINGLE = 'TEST0000000001';
const GROUP = ['TEST0000000002', 'TEST0000000003', 'TEST0000000004'];
const CHECKED_IN = 'TEST0000000005';
const TODAY = '2030-01-02';
const YES = { success: 'Yes', error: '' };

describe('synthetic hospital', () => {
  let hospital: SyntheticHospital;

  const orders = (card = CARD) => hospital.ordersOf(card, '2030-01-01', '2030-12-31');
  const order = (hiskey: string) => orders().find(row => row['Hiskey'] === hiskey) ?? {};
  const statusOf = (hiskey: string) => order(hiskey)['AppointmentStatus'];
  const slots = (item = '000101', date = TODAY) =>
    hospital.slotsOf(item, date).map(row => String(row['SourceId']));
  const receiptOf = (hiskey: string) => ({
    groupId: String(order(hiskey)['GroupId']),
    orderid: String(order(hiskey)['OrderID']),
  });

  beforeEach(() => {
    hospital = new SyntheticHospital({ path: ':memory:', today: TODAY });
  });
  afterEach(() => hospital.close());

  it('is the same on every machine and after every start', () => {
    const other = new SyntheticHospital({ path: ':memory:', today: TODAY });
    assert.deepEqual(other.labReports('new'), hospital.labReports('new'));
    assert.deepEqual(other.examReports('new'), hospital.examReports('new'));
    // When it was noted is the time of the machine.
    const noticesOf = (one: SyntheticHospital): unknown[] =>
      [...one.orderNotices('new'), ...one.bookingNotices('new')].map(row => ({
        ...row,
        last_update_dtime: '',
      }));
    assert.deepEqual(noticesOf(other), noticesOf(hospital));
    assert.deepEqual(other.ordersOf('Z00000007', '2030-01-01', '2030-01-31'), orders('Z00000007'));
    other.close();
  });

  it('makes ID numbers of area 000000 with a right check digit', () => {
    assert.equal(residentId('1900-01-01', 1), '000000190001010017');
    for (const row of [...hospital.labReports('new'), ...hospital.examReports('new')]) {
      const facts = readResidentId(String(row['id_no']));
      assert.ok(!('problem' in facts), JSON.stringify(facts));
      assert.equal(facts.sexCode, row['sex_code']);
    }
  });

  it('names every column as the agreement does', () => {
    assert.deepEqual(
      Object.keys(orders()[0] ?? {}),
      bookingServices.GetExamItemList.items.fields.map(({ name }) => name),
    );
    assert.deepEqual(
      Object.keys(hospital.slotsOf('000101', TODAY)[0] ?? {}),
      bookingServices.GetSignalSourceList.items.fields.map(({ name }) => name),
    );
    hospital.book(CARD, [SINGLE]);
    const receipts = hospital.receiptRows([receiptOf(SINGLE)]);
    assert.ok(Array.isArray(receipts));
    assert.deepEqual(
      Object.keys(receipts[0] ?? {}),
      bookingServices.GetAppointReceiptXml.items.fields.map(({ name }) => name),
    );
    const catalogue = [bookingServices.GetAppointItemInfo.items, examItemInfo, hisExamItemInfo].flatMap(
      ({ fields }) => fields.map(({ name }) => name),
    );
    assert.deepEqual(Object.keys(hospital.itemCatalogue('CSCC')[0] ?? {}), catalogue);
    const [master, item] = [fieldFinder(labMaster), fieldFinder(labSubitem)];
    for (const column of Object.keys(hospital.labReports('new', 1)[0] ?? {})) {
      assert.ok(
        column.startsWith('item_') ? item(column.slice(5)) : (master(column) ?? item(column)),
        column,
      );
    }
    const exam = fieldFinder(examMaster);
    for (const column of Object.keys(hospital.examReports('new', 1)[0] ?? {}))
      assert.ok(exam(column), column);
  });

  it('holds data that breaks careless code', () => {
    const lab = JSON.stringify(hospital.labReports('new'));
    const booking = JSON.stringify(orders());
    for (const awkward of [
      '𠮷',
      ']]>',
      '\\n',
      '&',
      '<',
      "'",
      '５',
      '"report_form_no":"20300101',
      '"report_form_no":"000000000000000',
    ]) {
      assert.ok((lab + booking).includes(awkward), awkward);
    }
    assert.ok(hospital.labReports('new').some(row => String(row['norm_value_notes']).length === 512));
    assert.ok(hospital.labReports('new').every(row => typeof row['report_form_no'] === 'string'));
  });

  it('finds orders by card and date', () => {
    assert.equal(orders().length, 6);
    assert.deepEqual(hospital.ordersOf(CARD, '2030-01-02', '2030-12-31'), []);
    assert.deepEqual(orders('Z99999999'), []);
    assert.deepEqual(
      GROUP.map(hiskey => [
        order(hiskey)['GroupId'],
        order(hiskey)['GroupSort'],
        order(hiskey)['PrintAppointmentID'],
      ]),
      [
        ['99TEST0001-02', '1', '0'],
        ['99TEST0001-02', '2', '90002'],
        ['99TEST0001-02', '3', '90002'],
      ],
    );
  });

  it('books a wanted slot, once', () => {
    const wanted = String(slots()[3]);
    assert.equal(parseSourceId(wanted)?.LabCode, '000101');
    assert.deepEqual(hospital.book(CARD, [SINGLE], wanted), YES);
    assert.equal(statusOf(SINGLE), '已预约');
    assert.equal(order(SINGLE)['AppointmentTime'], '2030-01-02 09:00~10:00');
    assert.ok(!slots().includes(wanted));
    assert.deepEqual(hospital.book(CARD, [SINGLE], wanted), YES, 'the same again does no harm');
    assert.equal(hospital.counts().booked, 1);
    assert.match(hospital.book(CARD, [SINGLE], String(slots()[0])).error, /已预约其他号源/);
  });

  it('gives a slot to one patient only', () => {
    const other = Array.from({ length: 35 }, (_, at) => `Z0000${String(at + 2).padStart(4, '0')}`)
      .flatMap(card => orders(card))
      .find(row => row['LabCode'] === '000101' && row['AppointmentStatus'] === '未预约');
    const wanted = String(slots()[0]);
    hospital.book(CARD, [SINGLE], wanted);
    assert.deepEqual(hospital.book(String(other?.['SerialNo']), [String(other?.['Hiskey'])], wanted), {
      success: 'No',
      error: '号源已被占用',
    });
  });

  it('books a composite group together, by any of its members', () => {
    assert.deepEqual(GROUP.map(statusOf), ['未预约', '组合预约', '组合预约']);
    assert.deepEqual(hospital.book(CARD, [GROUP[1] ?? '']), YES);
    assert.deepEqual(GROUP.map(statusOf), ['已预约', '自动组合预约', '自动组合预约']);
    assert.equal(new Set(GROUP.map(hiskey => order(hiskey)['AppointmentTime'])).size, 1);
  });

  it('books all orders of a call or none', () => {
    const before = hospital.counts();
    const answer = hospital.book(CARD, [SINGLE, CHECKED_IN]);
    assert.equal(answer.success, 'No');
    assert.match(answer.error, /TEST0000000005 已签到，禁止预约/);
    assert.deepEqual(hospital.counts(), before);
    assert.equal(statusOf(SINGLE), '未预约');
  });

  it('refuses what does not fit together', () => {
    const reasons = (answer: { success: string; error: string }): string =>
      `${answer.success} ${answer.error}`;
    assert.match(
      reasons(hospital.book(CARD, [SINGLE, GROUP[0] ?? ''], slots()[0])),
      /^No 指定号源时只能预约一张单据/,
    );
    assert.match(reasons(hospital.book('Z00000002', [SINGLE])), /^No .*不属于该卡号/);
    assert.match(reasons(hospital.book(CARD, ['TEST-NONE'])), /^No .*不存在/);
    assert.match(reasons(hospital.book(CARD, [SINGLE], slots('000301')[0])), /^No 号源与检查项目不符/);
    assert.match(reasons(hospital.book(CARD, [SINGLE], '1|2|3|4|5|6|7')), /^No 号源不存在/);
    assert.match(reasons(hospital.book(CARD, [])), /^No/);
    assert.match(reasons(hospital.cancel([SINGLE])), /^No .*尚未预约/);
    assert.match(reasons(hospital.cancel([CHECKED_IN])), /^No .*不能取消/);
  });

  it('cancels by Hiskey or OrderID, and frees the slot', () => {
    const free = hospital.counts().freeSlots;
    hospital.book(CARD, [SINGLE, ...GROUP]);
    assert.equal(hospital.counts().freeSlots, free - 2);
    assert.deepEqual(hospital.cancel([SINGLE, String(order(GROUP[0] ?? '')['OrderID'])]), YES);
    assert.equal(hospital.counts().freeSlots, free);
    assert.deepEqual(GROUP.map(statusOf), ['已取消', '组合预约', '组合预约']);
    assert.deepEqual(hospital.cancel([SINGLE]), YES, 'the same again does no harm');
    assert.deepEqual(hospital.book(CARD, [SINGLE]), YES, 'a cancelled order can be booked again');
  });

  it('prints one receipt for a group, as row and as PDF', async () => {
    hospital.book(CARD, [SINGLE, ...GROUP]);
    const requests = [receiptOf(SINGLE), ...GROUP.map(receiptOf)];
    const rows = hospital.receiptRows(requests);
    assert.ok(Array.isArray(rows));
    assert.deepEqual(
      rows.map(row => row['HisName']),
      ['测试彩超（孕＞２８周）', '1.测试CT平扫;2.测试CT增强<含对比剂>&"加急";3.测试MR平扫'],
    );
    const pdfs = await hospital.receiptPdfs(requests);
    assert.ok(Array.isArray(pdfs));
    assert.deepEqual(
      pdfs.map(pdf => pdf.subarray(0, 5).toString()),
      ['%PDF-', '%PDF-'],
    );
  });

  it('has no receipt for what is not booked', async () => {
    assert.match(JSON.stringify(hospital.receiptRows([receiptOf(SINGLE)])), /尚未预约/);
    assert.match(
      JSON.stringify(await hospital.receiptPdfs([{ groupId: '99TEST0001-01', orderid: '1' }])),
      /不存在/,
    );
  });

  it('searches the catalogue by name or pinyin, in any case', () => {
    const found = (text: string) => hospital.itemCatalogue(text).map(row => row['examItemCode']);
    assert.deepEqual(found('cscc'), ['000101']);
    assert.deepEqual(found('心脏'), ['000102']);
    assert.deepEqual(found('胃镜/CSCJ'), ['000301', '000302']);
    assert.deepEqual(found('%'), []);
    assert.deepEqual(found(''), []);
  });

  it('gives whole reports, oldest first, and notes their outcome', () => {
    const numbers = (state: Parameters<SyntheticHospital['labReports']>[0], limit?: number) => [
      ...new Set(hospital.labReports(state, limit).map(row => String(row['report_form_no']))),
    ];
    assert.equal(numbers('new').length, 24);
    const [first = '', second = ''] = numbers('new', 2);
    assert.equal(numbers('new', 2).length, 2, 'the limit counts reports, not rows');
    assert.ok(hospital.markReported(first, 'accepted'));
    assert.ok(hospital.markReported(second, 'refused'));
    assert.ok(!hospital.markReported('no such report', 'accepted'));
    assert.deepEqual([numbers('accepted'), numbers('refused')], [[first], [second]]);
    assert.ok(!numbers('new').includes(first));
    assert.deepEqual(
      [hospital.counts().newReports, hospital.counts().acceptedReports, hospital.counts().otherReports],
      [22, 1, 1],
    );
  });

  describe('exams', () => {
    const exams = () => hospital.examReports('new');

    it('are in every state, with what the agreement wants of it', () => {
      const states = exams().map(row => String(row['state']));
      assert.equal(states.length, 24);
      assert.deepEqual([...new Set(states)], [...EXAM_STATES]);
      const options = {
        check: { validation: 'strict', lengthUnit: 'char' },
        archive: { orgCode: '000000T0001', dateStyle: 'table' },
        now: new Date(2030, 0, 2),
      } as const;
      const faults = readExamReports(exams(), options)
        .flatMap(({ violations }) => violations)
        .filter(({ severity }) => severity === 'error');
      assert.deepEqual(faults, []);
    });

    it('show one patient in all states', () => {
      const states = exams()
        .filter(row => row['card_no'] === CARD)
        .map(row => row['state']);
      assert.deepEqual(states, [...EXAM_STATES]);
    });

    it('have no study before they are examined, and up to three after', () => {
      const studies = exams().map(row => ({
        state: row['state'],
        uids: String(row['study_instance_uid']).split(',').filter(Boolean),
      }));
      assert.ok(studies.every(({ state, uids }) => (uids.length === 0) === (state === '已登记')));
      assert.ok(studies.some(({ uids }) => uids.length === 3));
      const all = studies.flatMap(({ uids }) => uids);
      assert.ok(all.every(isUid));
      assert.equal(new Set(all).size, all.length);
    });

    it('hold data that breaks careless code', () => {
      const text = JSON.stringify(exams());
      for (const awkward of [
        '𠮷',
        ']]>',
        '\\n',
        '\\r',
        '\\t',
        '&',
        '<',
        "'",
        '５',
        '"report_form_no":"00000000000000',
      ])
        assert.ok(text.includes(awkward), awkward);
      assert.ok(exams().some(row => String(row['image_descr']).length === 4000));
      assert.ok(exams().every(row => /^0000\d{12}$/.test(String(row['pacs_id']))));
    });

    it('have a PDF once they are reviewed, always the same', async () => {
      for (const row of exams()) {
        const number = String(row['report_form_no']);
        const pdf = await hospital.examPdf(number);
        const reviewed = ['已审核', '已修订'].includes(String(row['state']));
        assert.equal(pdf?.subarray(0, 5).toString(), reviewed ? '%PDF-' : undefined, String(row['state']));
        if (pdf) assert.deepEqual(await hospital.examPdf(number), pdf);
      }
      assert.equal(await hospital.examPdf('no such report'), undefined);
    });

    it('leave the new ones once their outcome is noted', () => {
      const [first, second] = exams().map(row => String(row['report_form_no']));
      assert.ok(hospital.markExam(first ?? '', 'accepted'));
      assert.ok(hospital.markExam(second ?? '', 'refused'));
      assert.ok(!hospital.markExam('no such report', 'accepted'));
      assert.deepEqual(
        hospital.examReports('accepted').map(row => row['report_form_no']),
        [first],
      );
      const { newExams, acceptedExams, otherExams } = hospital.counts();
      assert.deepEqual([newExams, acceptedExams, otherExams], [22, 1, 1]);
    });
  });

  describe('orders and bookings to be told', () => {
    const newOf = (card: string) => hospital.orderNotices('new').find(row => row['SerialNo'] === card);
    const bookingOf = (hiskey: string) =>
      hospital.bookingNotices('new').find(row => row['Hiskey'] === hiskey);
    const versionOf = (row: Readonly<Record<string, unknown>>): [string, string] => [
      String(row['Hiskey']),
      String(row['last_update_dtime']),
    ];
    const tellAll = (): void => {
      for (const row of hospital.orderNotices('new')) hospital.markOrder(...versionOf(row), 'accepted');
      for (const row of hospital.bookingNotices('new')) hospital.markBooking(...versionOf(row), 'accepted');
    };

    it('are at first all orders, and what is booked or was', () => {
      assert.equal(hospital.orderNotices('new').length, 60);
      assert.equal(hospital.counts().newOrders, 60);
      const statuses = new Set(hospital.bookingNotices('new').map(row => row['AppointmentStatus']));
      assert.deepEqual(statuses, new Set(['已取消', '已报告', '已检查', '已签到']));
    });

    it('have the columns of GetExamItemList', () => {
      const columns = bookingServices.GetExamItemList.items.fields.map(({ name }) => name);
      assert.deepEqual(Object.keys(hospital.bookingNotices('new')[0] ?? {}), [
        ...columns,
        'PatientType',
        'last_update_dtime',
      ]);
    });

    it('are told once', () => {
      tellAll();
      assert.deepEqual([hospital.orderNotices('new'), hospital.bookingNotices('new')], [[], []]);
      assert.equal(hospital.orderNotices('accepted').length, 60);
      const { newOrders, newBookings, otherEvents } = hospital.counts();
      assert.deepEqual([newOrders, newBookings, otherEvents], [0, 0, 0]);
    });

    it('come back with a new order, of its day', () => {
      tellAll();
      const hiskey = hospital.placeOrder(CARD, '000102');
      assert.equal(hiskey, 'TEST0000000061');
      assert.equal(hospital.counts().newOrders, 1);
      assert.deepEqual([newOf(CARD)?.['StartDate'], newOf(CARD)?.['EndDate']], [TODAY, TODAY]);
      assert.deepEqual(
        hospital
          .ordersOf(CARD, TODAY, TODAY)
          .map(row => [row['Hiskey'], row['LabCode'], row['AppointmentStatus']]),
        [[hiskey, '000102', '未预约']],
      );
      assert.equal(hospital.counts().newBookings, 0, 'a new order is no booking');
      assert.equal(hospital.placeOrder('Z99999999', '000102'), undefined);
    });

    it('come back with a booking and a cancellation, for the whole group', () => {
      tellAll();
      hospital.book(CARD, [GROUP[0] ?? '']);
      assert.deepEqual(
        GROUP.map(hiskey => bookingOf(hiskey)?.['AppointmentStatus']),
        ['已预约', '自动组合预约', '自动组合预约'],
      );
      tellAll();
      hospital.cancel([GROUP[0] ?? '']);
      assert.deepEqual(
        GROUP.map(hiskey => bookingOf(hiskey)?.['AppointmentStatus']),
        ['已取消', '组合预约', '组合预约'],
      );
      assert.equal(hospital.counts().newBookings, GROUP.length);
    });

    it('stay new when they change while they are told', async () => {
      tellAll();
      hospital.book(CARD, [SINGLE]);
      const read = bookingOf(SINGLE) ?? {};
      await until('the clock goes on', () => {
        hospital.cancel([SINGLE]);
        return bookingOf(SINGLE)?.['last_update_dtime'] !== read['last_update_dtime'];
      });
      hospital.markBooking(...versionOf(read), 'accepted');
      assert.equal(bookingOf(SINGLE)?.['AppointmentStatus'], '已取消');
    });

    it('are not told for a refused call', () => {
      tellAll();
      hospital.book(CARD, [SINGLE, CHECKED_IN]);
      assert.equal(hospital.counts().newBookings, 0);
    });

    it('are counted apart when the platform refuses them', () => {
      const [first = {}] = hospital.orderNotices('new');
      hospital.markOrder(...versionOf(first), 'refused');
      hospital.markBooking(...versionOf(bookingOf(CHECKED_IN) ?? {}), 'refused');
      assert.equal(hospital.counts().otherEvents, 2);
    });
  });

  it('adds days over the end of a month', () => {
    assert.equal(addDays('2028-02-28', 1), '2028-02-29');
    assert.equal(addDays('2030-01-01', -1), '2029-12-31');
  });
});
