/** The evidence report: its figures are those of the store, and nothing that stands in it can break it or leak. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodeTables, parseCodeTableCsv } from '../../lib/contract/code-table';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { type Evidence, type EvidenceSources, gatherEvidence } from '../../lib/evidence/evidence';
import { FieldConformance } from '../../lib/evidence/field-conformance';
import { html } from '../../lib/evidence/markup';
import { evidenceHtml } from '../../lib/evidence/report-html';
import { responseTimes, serviceFigures } from '../../lib/evidence/service-figures';
import { writeEvidence } from '../../lib/evidence/write-evidence';
import { readLabReports } from '../../lib/report/lab-report';
import { reportItem } from '../../lib/report/report-delivery';
import { SqliteDatabase } from '../../lib/sqlite';
import type { CallCount, MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { Chance } from '../support/chance';
import { labInput } from '../support/lab-report';
import { OWNER, done, later, newMessage } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

const call = (durationMs: number, changes: Partial<CallCount> = {}): CallCount => ({
  channel: 'node',
  service: 'GetLabInfo',
  outcome: 'accepted',
  code: '',
  durationMs,
  count: 1,
  ...changes,
});

/** Not to be met by chance, as a time or a share might be. */
const RESULT = '71.7171717';
const RULES = { validation: 'lenient', lengthUnit: 'char', codeTables: new CodeTables() } as const;

describe('evidence', () => {
  describe('response times', () => {
    it('go into the five classes of the assessors, the bounds included', () => {
      const { classes } = responseTimes(
        [0, 1000, 1001, 3000, 5000, 5001, 10_000, 10_001].map(ms => call(ms)),
      );
      assert.deepEqual(classes, [2, 2, 1, 2, 1]);
    });
    it('have the median and the 95th percentile of the single calls', () => {
      const random = new Chance(7);
      for (const size of [1, 2, 19, 20, 100, 1013]) {
        const all = Array.from({ length: size }, () => random.between(0, 499));
        const sorted = all.toSorted((a, b) => a - b);
        const counted = [...new Set(all)].map(ms =>
          call(ms, { count: all.filter(one => one === ms).length }),
        );
        const { p50, p95, max } = responseTimes(counted);
        assert.deepEqual(
          [p50, p95, max],
          [sorted[Math.ceil(size * 0.5) - 1], sorted[Math.ceil(size * 0.95) - 1], sorted.at(-1)],
          String(size),
        );
      }
    });
    it('of no call are none', () => {
      assert.deepEqual(responseTimes([]), { classes: [0, 0, 0, 0, 0], p50: null, p95: null, max: null });
    });
  });

  it('counts attempts without an answer apart, and gives them no response time', () => {
    const [figures] = serviceFigures(
      [
        call(5, { count: 3 }),
        call(9, { outcome: 'refused', code: 'BUSINESS' }),
        call(60_000, { outcome: 'pending', code: 'TRANSPORT_UNKNOWN', count: 2 }),
        call(1, { outcome: 'unconfirmed', code: 'UNCONFIRMED' }),
      ],
      () => ({ service: 'GetLabInfo', section: '4.3' }),
    );
    assert.deepEqual(
      [figures?.calls, figures?.accepted, figures?.refused, figures?.unconfirmed, figures?.failed],
      [7, 3, 1, 1, 2],
    );
    assert.equal(figures?.times.max, 9);
    assert.deepEqual(figures?.errors[0], { code: 'TRANSPORT_UNKNOWN', count: 2 });
  });

  describe('of fields', () => {
    const codeTables = new CodeTables(
      parseCodeTableCsv(
        'table,localCode,localName,platformCode,platformName\nSTD_EVENT_TYPE,1,门诊,1,门诊\n',
      ),
    );
    const read = (changes: object): ReturnType<FieldConformance['tables']> => {
      const conformance = new FieldConformance({ ...RULES, codeTables });
      conformance.add([
        { table: labMaster, records: [{ report_form_no: 'A', event_type: '1', ...changes }] },
      ]);
      return conformance.tables();
    };
    const figuresOf = (tables: ReturnType<FieldConformance['tables']>, name: string) => {
      const found = tables[0]?.fields.find(field => field.name === name);
      assert.ok(found, name);
      return found;
    };
    it('tells what is filled, of a wrong form, and too long', () => {
      const tables = read({ retrieve_date: 'yesterday', report_title: 'x'.repeat(257) });
      assert.equal(tables[0]?.records, 1);
      assert.deepEqual(
        ['report_form_no', 'retrieve_date', 'report_title', 'name'].map(name => {
          const { filled, format, length } = figuresOf(tables, name);
          return [name, filled, format, length];
        }),
        [
          ['report_form_no', 1, 0, 0],
          ['retrieve_date', 1, 1, 0],
          ['report_title', 1, 0, 1],
          ['name', 0, 0, 0],
        ],
      );
    });
    it('counts codes that a loaded table lacks, and those of tables that are not loaded', () => {
      const conformance = new FieldConformance({ ...RULES, codeTables });
      for (const [event, sex] of [
        ['1', '1'],
        ['8', '2'],
        ['8', 'X'],
      ] as const)
        conformance.add([
          { table: labMaster, records: [{ event_type: event, sex_code: sex, order_priority: 'S' }] },
        ]);
      assert.deepEqual(conformance.unmapped(), [
        { table: 'STD_PRIORITY', code: 'S', count: 3, loaded: false },
        { table: 'STD_EVENT_TYPE', code: '8', count: 2, loaded: true },
        { table: 'STD_SEX', code: 'X', count: 1, loaded: true },
      ]);
    });
  });

  describe('of a store', () => {
    let folder: string;
    let file: string;
    let store: MessageStore;
    const open = (): Promise<MessageStore> =>
      openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { in: 'caller' });
    beforeEach(async () => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'evidence-'));
      file = path.join(folder, 'store.db');
      store = await open();
    });
    afterEach(async () => {
      await store.close();
      fs.rmSync(folder, { recursive: true });
    });
    const gather = (changes: Partial<EvidenceSources> = {}): Promise<Evidence> => {
      const now = new Date();
      return gatherEvidence({
        store,
        hospital: { orgCode: '000000T0001', orgName: '测试医院', organCode: 'XM-00000-TEST' },
        period: { from: now.getTime() - 1000 * 3600, to: now.getTime() + 1000 },
        versions: { 组件: '0' },
        check: null,
        rules: RULES,
        reportKind: channel => (channel === 'node' ? 'lab' : undefined),
        protection: { masking: true, keepAuditDays: 180, keepContentDays: 30 },
        actor: 'test',
        now,
        ...changes,
      });
    };
    /** Two reports: one is delivered at the second attempt, one waits. */
    async function work(): Promise<void> {
      const options = {
        check: RULES,
        archive: { orgCode: '000000T0001', dateStyle: 'table' },
        now: new Date(),
      } as const;
      const [report] = readLabReports(
        { ...labInput, lab_subitem: [{ ...labInput.lab_subitem[0], result_value: RESULT }] },
        options,
      );
      assert.ok(report);
      const first = newMessage(reportItem(report));
      const second = newMessage();
      await store.accept({ messages: [first, newMessage({ ...second, content: first.content })] });
      await store.claim({ channel: 'node', limit: 10, owner: OWNER, leaseMs: 1000 });
      const waits = later(second.id, Date.now() + 60_000);
      await store.settle({ owner: OWNER, settlements: [later(first.id, 0), waits] });
      await store.claim({ channel: 'node', limit: 10, owner: OWNER, leaseMs: 1000 });
      await store.settle({ owner: OWNER, settlements: [{ ...done(first.id), durationMs: 1500 }] });
    }

    it('has what passed, how it is filled, and that the audit chain is whole', async () => {
      await work();
      const evidence = await gather();
      const [figures, ...others] = evidence.services;
      assert.equal(others.length, 0);
      assert.deepEqual(
        [figures?.section, figures?.service, figures?.calls, figures?.accepted, figures?.failed],
        ['4.1', 'ArchiveAutoReport (lab)', 3, 1, 2],
      );
      assert.deepEqual(figures?.times.classes, [0, 1, 0, 0, 0]);
      assert.deepEqual(evidence.messages, { accepted: 1, pending: 1 });
      assert.deepEqual(
        evidence.days.map(({ answered, failed }) => [answered, failed]),
        [[1, 2]],
      );
      const lab = evidence.fields.tables.find(({ table }) => table === labMaster.name);
      assert.equal(lab?.records, 1);
      assert.equal(lab.fields.find(({ name }) => name === 'name')?.filled, 1);
      assert.equal(evidence.fields.tables.find(({ table }) => table === labSubitem.name)?.records, 1);
      assert.equal(evidence.protection.audit?.brokenAt, null);
      assert.match(evidenceHtml(evidence), /完整，已逐条校验 \d+ 条/);
    });

    it('holds nothing of a patient, in neither form', async () => {
      await work();
      const files = await writeEvidence(await gather(), folder);
      for (const text of [files.html, files.json].map(name => fs.readFileSync(name, 'utf8'))) {
        for (const planted of [
          labInput.name,
          labInput.card_no,
          labInput.patient_id,
          labInput.report_form_no,
          RESULT,
        ])
          assert.ok(!text.includes(planted), planted);
      }
    });

    it('says that the audit trail was changed, and where', async () => {
      await work();
      await store.close();
      const database = SqliteDatabase.open(file);
      database.run("update audit set outcome = 'accepted' where seq = 2");
      database.close();
      store = await open();
      const evidence = await gather();
      assert.equal(evidence.protection.audit?.brokenAt, 2);
      assert.match(evidenceHtml(evidence), /在第 2 条处被改动/);
    });

    it('counts by the days of this machine, and the same calls of several days together', async () => {
      await store.close();
      const clock = new TestClock();
      store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { in: 'caller', clock });
      const from = clock.now();
      const query = {
        actor: 'system',
        action: 'call',
        message: '',
        channel: 'node',
        code: '',
        durationMs: 7,
      };
      for (let day = 0; day < 3; day++) {
        for (let n = 0; n <= day; n++)
          await store.audit({ ...query, service: 'GetLabInfo', outcome: n === 0 ? 'accepted' : 'failed' });
        clock.advance(86_400_000);
      }
      const { days, services } = await gather({ period: { from, to: clock.now() } });
      assert.deepEqual(
        days.map(({ answered, failed }) => [answered, failed]),
        [
          [1, 0],
          [1, 1],
          [1, 2],
        ],
      );
      assert.deepEqual(
        services.map(({ calls, accepted, failed }) => [calls, accepted, failed]),
        [[6, 3, 3]],
      );
    });

    it('leaves out what is not of the time', async () => {
      await work();
      const { services, days, fields } = await gather({ period: { from: 0, to: 1 } });
      assert.deepEqual([services, days, fields.looked], [[], [], 0]);
    });

    it('writes two files whole, and says which folder cannot be written', async () => {
      const evidence = await gather();
      const files = await writeEvidence(evidence, path.join(folder, 'new', 'folder'));
      assert.deepEqual(JSON.parse(fs.readFileSync(files.json, 'utf8')), JSON.parse(JSON.stringify(evidence)));
      assert.match(fs.readFileSync(files.html, 'utf8'), /^<!doctype html>/);
      assert.equal(fs.readdirSync(path.dirname(files.html)).length, 2, 'nothing is left half-way');
      await assert.rejects(writeEvidence(evidence, path.join(file, 'no folder')), {
        code: 'CONFIG',
        message: /store\.db/,
      });
    });

    it('is a page that no name can break', async () => {
      const orgName = `</title><script>alert(1)</script>"'&`;
      const page = evidenceHtml(await gather({ hospital: { orgCode: '<b>', orgName, organCode: '"' } }));
      assert.doesNotMatch(page, /<script|<b>/);
      assert.match(page, /default-src 'none'/);
    });
  });

  it('escapes what is put into its markup, except markup', () => {
    assert.equal(
      html`<a title="${'"<'}">${['&', html`<b>${1}</b>`, null, false]}</a>`.text,
      '<a title="&quot;&lt;">&amp;<b>1</b></a>',
    );
  });
});
