/**
 * The scripts for a hospital's administrator. No SQL Server is at hand: what is looked at is their form, the names that
 * nodes understand, and that each thing which is made is granted and taken back.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type Table, fieldFinder } from '../../lib/contract/field';
import { bookingServices } from '../../lib/contract/services';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { syncAppointData, updateBillingInfo } from '../../lib/contract/tables/sync';
import { ITEM_PREFIX } from '../../lib/report/lab-report';
import { manifest, root } from '../support/built-editor';
import { assertSql2008, withoutComments } from '../support/sql-2008';

const FOLDER = path.join(root, 'sql', 'sqlserver');
const SYSTEMS = ['lis', 'ris', 'his'];
const LEASE = ['upload_status', 'upload_owner', 'upload_lease', 'upload_attempts', 'upload_message'];
/** Columns that a poll needs and the agreement's table has not. */
const OF_POLL = ['last_update_dtime', 'hiskey'];

const TABLES: Readonly<Record<string, Table>> = {
  v_exchange_lab_report: labMaster,
  v_exchange_lab_item: labSubitem,
  v_exchange_exam_report: examMaster,
  v_exchange_order: updateBillingInfo,
  v_exchange_booking: syncAppointData,
};
const CLAIMS: Readonly<Record<string, string>> = {
  v_exchange_lab_claim: 'v_exchange_lab_report',
  v_exchange_exam_claim: 'v_exchange_exam_report',
  v_exchange_order_claim: 'v_exchange_order',
  v_exchange_booking_claim: 'v_exchange_booking',
};

const files = fs
  .readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.sql'))
  .map(name => ({
    name: name.replaceAll('\\', '/'),
    text: fs.readFileSync(path.join(FOLDER, name), 'utf8'),
  }));
const textOf = (wanted: string | RegExp): string =>
  files
    .filter(({ name }) => (typeof wanted === 'string' ? name === wanted : wanted.test(name)))
    .map(({ text }) => withoutComments(text))
    .join('\n');
const batchesOf = (text: string): string[] =>
  withoutComments(text)
    .split(/^GO$/m)
    .map(batch => batch.trim())
    .filter(batch => batch !== '');
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(match => match.slice(1).join('.'));

const all = textOf(/./);
/** Names of the columns that a view gives, in their order. */
function columnsOf(view: string): string[] {
  const [, body = ''] = new RegExp(`ALTER VIEW dbo\\.${view}\\s+AS\\s+SELECT ([\\s\\S]*?);`).exec(all) ?? [];
  // Of the lines `expression AS name` and `i.name`; of other views by `m.*`.
  return body
    .split(/\n {2}FROM |\n {2,7}(?=\S)/)
    .slice(
      0,
      body.split('\n').findIndex(line => line.startsWith('  FROM ')),
    )
    .flatMap(line => {
      if (line.startsWith('m.*')) return columnsOf('v_exchange_lab_report');
      const [, name = ''] = / AS (\w+),?\s*$/.exec(line) ?? /\.(\w+),?\s*$/.exec(line) ?? [];
      return [name];
    });
}

describe('scripts for the administrator of a SQL Server', () => {
  it('go with the package, in three systems of the same steps', () => {
    assert.ok(manifest().files.includes('sql'));
    for (const system of SYSTEMS)
      assert.deepEqual(
        files
          .filter(({ name }) => name.startsWith(`${system}/`))
          .map(({ name }) => name.slice(4, 6))
          .toSorted(),
        ['1-', '2-', '3-', '4-', '9-'],
      );
  });

  it('have no words newer than SQL Server 2008', () => {
    for (const { text } of files) assertSql2008(text);
    assert.throws(() => assertSql2008('DROP VIEW IF EXISTS dbo.v'));
    assert.throws(() => assertSql2008('ALTER ROLE exchange_role ADD MEMBER exchange_login'));
  });

  it('say in Chinese what they do, in one line of English, and what has to be changed', () => {
    for (const { name, text } of files) {
      const [chinese = '', english = ''] = text.split('\n');
      assert.match(chinese, /^-- .*\p{Script=Han}/u, name);
      assert.match(english, /^-- [\x20-\x7e]+$/, name);
      assert.match(text, /【改】/, name);
    }
  });

  it('can be run again: whatever is made, changed or dropped is looked for first', () => {
    for (const { name, text } of files) {
      const made = new Set(found(text, /EXEC \(N'CREATE (?:VIEW|PROCEDURE|FUNCTION|TRIGGER) dbo\.(\w+)/g));
      for (const batch of batchesOf(text)) {
        const altered = /^ALTER (?:VIEW|PROCEDURE|FUNCTION|TRIGGER) dbo\.(\w+)/.exec(batch);
        if (altered) assert.ok(made.has(altered[1] ?? ''), `${name}: ${altered[0]}`);
        else if (/\b(?:CREATE|ALTER|DROP|GRANT|sp_addrolemember|sp_droprolemember)\b/.test(batch))
          for (const line of guarded(batch))
            assert.match(line, /^IF |^BEGIN|^DECLARE|^SET/, `${name}: ${line}`);
        else if (/\bUPDATE\b/.test(batch)) assert.match(batch, /WHERE upload_status IS NULL\b/, name);
      }
    }
  });

  /** The statements of a batch; those that belong to an IF are part of it. */
  const guarded = (batch: string): string[] => batch.split(/\n(?=\S)/).filter(part => !/^END\b/.test(part));

  it('name every column of a view as the node does that takes it', () => {
    for (const [view, table] of Object.entries(TABLES)) {
      const find = fieldFinder(table);
      const columns = columnsOf(view);
      assert.ok(columns.length > 6, view);
      assert.equal(new Set(columns.map(column => column.toLowerCase())).size, columns.length, view);
      for (const column of columns)
        assert.ok(find(column) ?? OF_POLL.includes(column.toLowerCase()), `${view}.${column}`);
      // What the agreement insists on and no node fills in.
      for (const field of table.fields)
        if (field.key && !['Org_Code', 'Serial_No', 'Event_No'].includes(field.name))
          assert.ok(columns.includes(field.attribute ?? field.name), `${view}: no ${field.name}`);
    }
  });

  it('give flat rows of lab reports in which master and item stay apart', () => {
    const columns = columnsOf('v_exchange_lab_flat');
    assert.equal(new Set(columns).size, columns.length);
    const master = new Set(columnsOf('v_exchange_lab_report'));
    const items = columns.filter(column => !master.has(column));
    assert.deepEqual(
      items.map(column => column.replace(ITEM_PREFIX, '')),
      columnsOf('v_exchange_lab_item').filter(column => column !== 'report_form_no'),
    );
    // lab-register takes a column of both tables as the master's unless it has the prefix.
    const inMaster = fieldFinder(labMaster);
    for (const column of items)
      assert.equal(ITEM_PREFIX.test(column), inMaster(column.replace(ITEM_PREFIX, '')) !== undefined, column);
  });

  it('claim the same rows, with the columns of the lease beside them', () => {
    for (const [claim, report] of Object.entries(CLAIMS)) {
      assert.deepEqual(columnsOf(claim), [...columnsOf(report), ...LEASE]);
      // Nothing of the lease must be told to the platform by those who do not claim.
      assert.deepEqual(
        columnsOf(report).filter(column => LEASE.includes(column)),
        [],
      );
    }
  });

  it('put what an update gives into a table variable, since hospitals have triggers', () => {
    const outputs = found(all, /\bOUTPUT\b\s+(?:inserted\.\w+,?\s*)+(\w+)/g);
    assert.deepEqual(outputs, ['INTO', 'INTO', 'INTO', 'INTO']);
  });

  it('have procedures with the parameters that a poll knows', () => {
    const names = (procedure: string): string[] => {
      const [, head = ''] =
        new RegExp(`ALTER PROCEDURE dbo\\.${procedure}\\b([\\s\\S]*?)\\bAS\\b`).exec(all) ?? [];
      return found(head, /@(\w+)/g);
    };
    for (const [what, key] of [
      ['lab', 'report_form_no'],
      ['exam', 'report_form_no'],
      ['order', 'Hiskey'],
      ['booking', 'HisKey'],
    ] as const) {
      assert.deepEqual(names(`usp_exchange_fetch_${what}`), ['limit', 'owner', 'lease_seconds']);
      assert.deepEqual(names(`usp_exchange_ack_${what}`), [key, 'owner', 'state', 'message', 'version']);
    }
  });

  it('have every procedure that a prebuilt flow calls, with the parameters that it passes', () => {
    interface Calling {
      readonly statement?: string;
      readonly sqlParameters?: readonly { readonly name: string }[];
    }
    const flows = fs
      .readdirSync(path.join(root, 'flows'))
      .filter(file => file.endsWith('.json'))
      .flatMap(
        file => JSON.parse(fs.readFileSync(path.join(root, 'flows', file), 'utf8')) as readonly Calling[],
      );
    const calls = flows.filter(({ statement }) => statement?.startsWith('dbo.usp_exchange_'));
    // A doctor's order is placed in the test hospital only.
    const called = calls.filter(({ statement }) => !statement?.endsWith('place_order'));
    assert.equal(called.length, 8);
    for (const { statement = '', sqlParameters = [] } of called) {
      const [, head = ''] = new RegExp(`ALTER PROCEDURE ${statement}\\b([\\s\\S]*?)\\nAS\\n`).exec(all) ?? [];
      assert.deepEqual(
        found(head, /@(\w+)/g),
        sqlParameters.map(({ name }) => name),
        statement,
      );
    }
  });

  it('keep what the booking service promises: one order for an id, no slot passed over, no fault kept quiet', () => {
    const body = (name: string): string =>
      new RegExp(`ALTER (?:PROCEDURE|FUNCTION) dbo\\.${name}\\b([\\s\\S]*?)\\nGO`).exec(all)?.[1] ?? '';
    // An OrderID counts only where no Hiskey fits: else a number of both kinds cancels another's booking.
    assert.match(
      body('ufn_exchange_named_orders'),
      /s\.SQDH = i\.id;[\s\S]*y\.YYID = i\.id WHERE i\.SQDH IS NULL/,
    );
    // A receipt is given to those who know the order's number too.
    assert.match(body('ufn_exchange_receipt_groups'), /y\.FZID = asked\.FZID AND y\.YYID = asked\.YYID/);
    for (const name of ['usp_exchange_medical_appoint', 'usp_exchange_cancel_appoint']) {
      const text = body(name);
      for (const part of [
        'XACT_ABORT ON',
        'BEGIN TRAN',
        'COMMIT',
        'ROLLBACK',
        'UPDLOCK',
        'ufn_exchange_named_orders',
      ])
        assert.ok(text.includes(part), `${name}: ${part}`);
      // A slot that another locks may come free again, and polling by the last change has to see the booking.
      assert.doesNotMatch(text, /READPAST|NOLOCK/, name);
      assert.match(text, /y\.XGSJ = GETDATE\(\)/, name);
      // Faults of the database are raised: only refusals, deadlocks and lock time-outs are answered.
      assert.match(text, /IF @number NOT IN \(50000, 1205, 1222\) RAISERROR/, name);
    }
    // Columns of bookings that the view of the synchronisation reads are written by the booking itself.
    for (const column of ['YYRQ', 'KSSJ', 'JSSJ', 'YYZT', 'XGSJ'])
      assert.match(body('usp_exchange_medical_appoint'), new RegExp(`y\\.${column} = `), column);
  });

  it('give the answers of the booking services in the names of the agreement', () => {
    for (const [procedure, table] of [
      ['exam_items', bookingServices.GetExamItemList.items],
      ['signal_sources', bookingServices.GetSignalSourceList.items],
      ['receipt_rows', bookingServices.GetAppointReceiptXml.items],
    ] as const) {
      const [, body = ''] =
        new RegExp(`ALTER PROCEDURE dbo\\.usp_exchange_${procedure}\\b([\\s\\S]*?)\\nGO`).exec(all) ?? [];
      const [, last = ''] = /[\s\S]*\n {2}SELECT ([\s\S]*?)\n {4}FROM /.exec(body) ?? [];
      const names = found(last, /\bAS \[?(\w+)\]?(?=,|\s*$)/gm).filter(name => name !== 'GroupId');
      const wanted = table.fields.map(({ name }) => name).filter(name => name !== 'GroupId');
      assert.deepEqual(names.toSorted(), [...wanted].toSorted(), procedure);
    }
  });

  it('grant what was made, and nothing else', () => {
    const login = textOf('5-login.sql');
    const made = found(all, /EXEC \(N'CREATE (?:VIEW|PROCEDURE) dbo\.(\w+)/g);
    assert.deepEqual(
      found(login, /GRANT (?:SELECT|EXECUTE) ON dbo\.(\w+) TO exchange_role/g).toSorted(),
      made.toSorted(),
    );
    assert.deepEqual(
      found(login, /GRANT UPDATE ON dbo\.(\w+) \(([\w, ]+)\) TO exchange_role/g).toSorted(),
      Object.keys(CLAIMS)
        .map(view => `${view}.${LEASE.join(', ')}`)
        .toSorted(),
    );
    assert.equal(found(all, /\b(GRANT)\b/g).length, made.length + Object.keys(CLAIMS).length);
    assert.doesNotMatch(all, /db_datareader|db_owner|sysadmin|WITH GRANT OPTION/);
  });

  it('take back all that was made', () => {
    const objects = /(?:CREATE|DROP) (VIEW|PROCEDURE|TRIGGER|INDEX) (?:dbo\.)?(\w+)/g;
    const columns = /ALTER TABLE dbo\.(\w+) (?:ADD|DROP COLUMN) (?!CONSTRAINT)(upload_\w+)/g;
    const defaults = /CONSTRAINT (DF_\w+)/g;
    for (const system of SYSTEMS) {
      const made = textOf(new RegExp(`^${system}/[1-4]-`));
      const undone = textOf(`${system}/9-undo.sql`);
      for (const pattern of [objects, columns, defaults]) {
        assert.ok(found(made, pattern).length > 0);
        assert.deepEqual(found(undone, pattern).toSorted(), found(made, pattern).toSorted());
      }
    }
    const procedures = /(?:CREATE|DROP) (PROCEDURE|FUNCTION) dbo\.(\w+)/g;
    assert.deepEqual(
      found(textOf('booking/9-undo.sql'), procedures).toSorted(),
      found(textOf(/^booking\/[12]-/), procedures).toSorted(),
    );
    const principals = /(?:CREATE|DROP) (LOGIN|USER|ROLE) (\w+)/g;
    assert.deepEqual(
      found(textOf('9-undo-login.sql'), principals).toSorted(),
      found(textOf('5-login.sql'), principals).toSorted(),
    );
  });
});
