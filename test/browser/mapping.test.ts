/** The field mapping in the real editor: an integrator finds fields, maps them, and takes the mapping out and in. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { Locator } from 'playwright-core';
import { ensureBuilt } from '../support/built-editor';
import { contrast } from '../support/contrast';
import { demoFlow } from '../support/demo-flow';
import { CHROMIUM, type Dialog, Editor, NodeRed } from '../support/editor';
import { encodeGbk } from '../support/gbk';
import { needsPeer, works } from '../support/peer';

const NARROW = 500;

/** The mapping table of an open dialog. */
class Table {
  readonly #dialog: Dialog;

  constructor(dialog: Dialog) {
    this.#dialog = dialog;
  }

  line(field: string): Locator {
    return this.#dialog.tray.locator(`[data-field="${field}"]`);
  }

  value(field: string): Locator {
    return this.line(field).locator('.exchange-mapping-value > input').first();
  }

  source(field: string): Locator {
    return this.line(field).locator('select');
  }

  state(field: string): Locator {
    return this.line(field).locator('i[role="img"]');
  }

  async visibleFields(): Promise<string[]> {
    return this.#dialog.tray
      .locator('.exchange-mapping-line:visible')
      .evaluateAll(lines => lines.map(line => line.getAttribute('data-field') ?? ''));
  }

  async search(text: string): Promise<string[]> {
    await this.#dialog.tray.locator('.exchange-mapping-search').fill(text);
    return this.visibleFields();
  }

  async filter(value: 'all' | 'required' | 'mapped' | 'open'): Promise<string[]> {
    await this.#dialog.tray.locator(`.exchange-mapping-filters label:has([value="${value}"])`).click();
    return this.visibleFields();
  }

  async byNames(on: boolean): Promise<void> {
    await this.#dialog.field('sameNames').setChecked(on);
  }

  async export(): Promise<string> {
    const page = this.#dialog.tray.page();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      this.#dialog.tray.locator('[data-do="export"]').click(),
    ]);
    assert.equal(download.suggestedFilename(), 'lab-register-mapping.csv');
    return fs.readFileSync(await download.path(), 'utf8');
  }

  async openImport(): Promise<void> {
    await this.#dialog.tray.locator('[data-do="import"]').click();
  }

  async importFile(bytes: Buffer): Promise<string> {
    await this.#dialog.tray
      .locator('input[type="file"]')
      .setInputFiles({ name: 'mapping.csv', mimeType: 'text/csv', buffer: bytes });
    return this.#result();
  }

  async importPasted(text: string): Promise<string> {
    await this.#dialog.tray.locator('.exchange-mapping-import textarea').fill(text);
    await this.#dialog.tray.locator('.exchange-mapping-import button:has(.fa-check)').click();
    return this.#result();
  }

  /** What the last import says; it takes the earlier text away first. */
  async #result(): Promise<string> {
    const result = this.#dialog.tray.locator('.exchange-result');
    await result.locator('div').first().waitFor();
    return result.innerText();
  }
}

describe('the field mapping in the editor', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async function () {
    needsPeer(this, 'chromium', works(CHROMIUM, '--version'));
    ensureBuilt();
    nodeRed = await NodeRed.start();
    await nodeRed.deploy(
      demoFlow.filter(({ id }) =>
        ['flow', 'profile', 'store', 'register', 'sync', 'examination'].includes(id),
      ),
    );
  });
  after(() => nodeRed?.stop());

  const open = async (id = 'register'): Promise<[Dialog, Table]> => {
    const dialog = await editor.openDialog(id);
    return [dialog, new Table(dialog)];
  };
  const mapped = (): Promise<unknown> => editor.evaluate(`RED.nodes.node('register').mapping`);

  describe('in Chinese', () => {
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'zh-CN' });
    });
    after(() => editor?.close());
    afterEach(async () => {
      await editor.closeDialogs();
      assert.deepEqual(editor.errors.splice(0), []);
    });

    it('shows every field of both tables in the order of the agreement, required ones marked', async () => {
      const [dialog, table] = await open();
      assert.equal(await dialog.field('sameNames').isChecked(), true, 'also in a flow that is older than it');
      const fields = await table.visibleFields();
      assert.deepEqual(
        [fields.length, fields[0], fields[51]],
        [76, 'labmaster.last_update_dtime', 'lab_subitem.last_update_dtime'],
      );
      const starOf = (field: string): Promise<number> =>
        table.line(field).locator('.exchange-mapping-name > b').count();
      assert.deepEqual([await starOf('labmaster.patient_id'), await starOf('labmaster.name')], [1, 0]);
      assert.match(await table.line('labmaster.patient_id').innerText(), /^病人ID\s/);
      assert.match(
        (await table.line('labmaster.event_type').locator('.exchange-mapping-field').getAttribute('title')) ??
          '',
        /事件类型.*\nNUMBER\(2\)\n必填\n代码表 STD_EVENT_TYPE\n规范 4\.1/s,
      );
      assert.equal(await table.state('labmaster.patient_id').getAttribute('title'), '取同名列的值');
      await dialog.cancel();
    });

    it('finds a field by name, Chinese name or mapped column, and filters', async () => {
      const [dialog, table] = await open();
      assert.deepEqual(await table.search('PATIENT_ID'), ['labmaster.patient_id']);
      assert.deepEqual(await table.search('病人id'), ['labmaster.patient_id']);
      await table.value('labmaster.patient_id').fill('BRID');
      assert.deepEqual(await table.search('brid'), ['labmaster.patient_id']);
      assert.deepEqual(await table.search('没有这个'), []);
      assert.equal(await dialog.tray.locator('.exchange-mapping-nothing').isVisible(), true);
      await table.search('');
      assert.deepEqual(await table.filter('mapped'), ['labmaster.patient_id']);
      const required = await table.filter('required');
      assert.deepEqual([required.length, required.includes('labmaster.org_code')], [9, false]);
      assert.deepEqual(await table.filter('open'), []);
      await dialog.cancel();
    });

    it('takes typing for a column, and an emptied column for no mapping', async () => {
      const [dialog, table] = await open();
      const name = 'labmaster.name';
      await table.value(name).fill('XM');
      assert.equal(await table.source(name).inputValue(), 'column');
      await table.value(name).fill('');
      await table.value(name).blur();
      assert.equal(await table.source(name).inputValue(), '');
      await dialog.cancel();
    });

    it('moves from value to value by keys, over what is hidden', async () => {
      const [dialog, table] = await open();
      await table.filter('required');
      await table.value('labmaster.last_update_dtime').focus();
      await editor.page.keyboard.press('ArrowDown');
      await editor.page.keyboard.type('BGDH');
      await editor.page.keyboard.press('Enter');
      await editor.page.keyboard.type('BRID');
      await editor.page.keyboard.press('ArrowUp');
      await editor.page.keyboard.press('ArrowUp');
      await editor.page.keyboard.type('GXSJ');
      await dialog.tray.locator('.exchange-mapping-search').focus();
      for (const [field, value] of [
        ['last_update_dtime', 'GXSJ'],
        ['report_form_no', 'BGDH'],
        ['patient_id', 'BRID'],
      ] as const)
        assert.equal(await table.value(`labmaster.${field}`).inputValue(), value);
      await dialog.cancel();
    });

    it('flags required fields without a mapping, in the dialog and before deploy', async () => {
      const [dialog, table] = await open();
      await table.value('labmaster.patient_id').fill('BRID');
      await table.source('labmaster.sex_code').selectOption('codes');
      await table.value('labmaster.sex_code').fill('XB');
      const codeTable = table.line('labmaster.sex_code').locator('input[list]');
      assert.equal(await codeTable.inputValue(), 'STD_SEX', 'the table that the agreement names');
      await table.source('labmaster.name').selectOption('jsonata');
      await table.value('labmaster.name').fill('$trim(');
      assert.deepEqual(await table.filter('open'), ['labmaster.name']);
      assert.equal(await table.state('labmaster.name').getAttribute('title'), '表达式有语法错误');
      await table.value('labmaster.name').fill('$trim(XM)');
      await table.byNames(false);
      const missing = await table.filter('open');
      assert.deepEqual(missing.slice(0, 2), ['labmaster.last_update_dtime', 'labmaster.report_form_no']);
      assert.equal(missing.length, 8);
      assert.equal(await table.state('labmaster.report_form_no').getAttribute('title'), '必填，未映射');
      await table.filter('all');
      await dialog.resize(NARROW);
      assert.deepEqual(await dialog.overflowing(), []);
      await editor.picture('mapping');
      await dialog.done();
      const [reason] = await editor.evaluate<string[]>(`RED.nodes.node('register').validationErrors`);
      assert.match(reason ?? '', /^字段映射: 最后修改时间\(last_update_dtime\)必填但未映射; .*另有 3 处$/);
      const [again, same] = await open();
      await same.byNames(true);
      await again.done();
      assert.equal(await editor.evaluate(`RED.nodes.node('register').valid`), true);
    });

    it('shows the fields of the service that is chosen, and keeps the mapping of the other', async () => {
      const [dialog, table] = await open('sync');
      assert.equal((await table.visibleFields()).length, 24);
      await table.value('SyncAppointData.HisKey').fill('DJH');
      await dialog.field('service').selectOption('UpdateBillingInfo');
      assert.equal((await table.visibleFields()).length, 7);
      assert.deepEqual(await table.filter('mapped'), []);
      await table.filter('all');
      await table.value('UpdateBillingInfo.SerialNo').fill('KH');
      await table.byNames(false);
      assert.deepEqual(await table.filter('open'), [], 'nothing of the other service');
      await dialog.done();
      assert.equal(await editor.evaluate(`RED.nodes.node('sync').valid`), true);
      assert.deepEqual(await editor.evaluate(`RED.nodes.node('sync').mapping.map(row => row.field)`), [
        'SerialNo',
        'HisKey',
      ]);
      const [again, same] = await open('sync');
      await again.field('service').selectOption('SyncAppointData');
      assert.deepEqual(await same.filter('open'), ['SyncAppointData.AppointmentStatus']);
      await again.done();
      const reasons = await editor.evaluate<string[]>(`RED.nodes.node('sync').validationErrors`);
      assert.deepEqual(reasons, ['字段映射: 预约状态(AppointmentStatus)必填但未映射']);
      const [last, byName] = await open('sync');
      await byName.byNames(true);
      await last.done();
    });

    it('has every field of an exam report', async () => {
      const [dialog, table] = await open('examination');
      assert.equal((await table.visibleFields()).length, 59);
      const tooltip = table.line('exammaster.state').locator('.exchange-mapping-field');
      assert.match((await tooltip.getAttribute('title')) ?? '', /0=登记完成.*规范 4\.2/s);
      await dialog.cancel();
    });

    it('opens Node-RED’s expression editor', async () => {
      const [dialog, table] = await open();
      await table.source('labmaster.name').selectOption('jsonata');
      await table.value('labmaster.name').fill('$trim(XM)');
      await table.line('labmaster.name').locator('button').click();
      // Its tray takes the place of the dialog's, which comes back as it was.
      await editor.page.locator('.red-ui-editor-type-expression').waitFor();
      await editor.page.locator('#node-dialog-ok').click();
      await dialog.tray.locator('.exchange-form').waitFor();
      assert.equal(await table.value('labmaster.name').inputValue(), '$trim(XM)');
      await dialog.cancel();
    });

    it('takes the mapping out and in again, also when Excel has saved it in GBK', async () => {
      const [dialog, table] = await open();
      await table.value('labmaster.report_form_no').fill('检验单号');
      await table.value('lab_subitem.result_value').fill('JG,"值"');
      const csv = await table.export();
      assert.ok(csv.startsWith('\uFEFFtable,'), 'marked, so that Excel reads Chinese');
      const before = await table.filter('mapped');
      await table.openImport();
      for (const bytes of [Buffer.from(csv, 'utf8'), encodeGbk(csv.slice(1))]) {
        await table.filter('all');
        await table.value('labmaster.report_form_no').fill('OTHER');
        await table.value('labmaster.order_id').fill('YZH');
        assert.match(await table.importFile(bytes), new RegExp(`已采用 ${before.length} 个字段`));
        assert.equal(await table.value('labmaster.report_form_no').inputValue(), '检验单号');
        assert.equal(await table.value('lab_subitem.result_value').inputValue(), 'JG,"值"');
        assert.deepEqual(await table.filter('mapped'), before, 'an empty line takes a mapping away');
      }
      await dialog.cancel();
    });

    it('says what it took of pasted rows, and why not the others', async () => {
      const [dialog, table] = await open();
      await dialog.resize(NARROW);
      await table.openImport();
      const said = await table.importPasted(
        'table\tfield\tvalue\nlabmaster\tname\t姓名\nlabmaster\tnone\tX\nlab_subitem\tresult_unit\tDW\n',
      );
      assert.match(said, /已采用 2 个字段[^]*未采用 1 行[^]*第 3 行：没有字段 none/);
      assert.equal(await table.value('lab_subitem.result_unit').inputValue(), 'DW');
      assert.deepEqual(await dialog.overflowing(), []);
      await dialog.tray.locator('.exchange-result').scrollIntoViewIfNeeded();
      await editor.picture('mapping-import');
      await dialog.cancel();
    });

    it('keeps the mapping through Done, Deploy and a new page, and an unknown field until it is taken away', async () => {
      const [dialog, table] = await open();
      for (const field of await table.filter('mapped')) await table.source(field).selectOption('');
      await table.filter('all');
      await table.value('labmaster.patient_id').fill('BRID');
      await table.source('labmaster.class_name').selectOption('constant');
      await dialog.done();
      const rows = [
        { table: 'labmaster', field: 'patient_id', source: 'column', value: 'BRID' },
        { table: 'labmaster', field: 'class_name', source: 'constant', value: '' },
      ];
      assert.deepEqual(await mapped(), rows);
      await editor.deploy();
      assert.deepEqual((await nodeRed.flows()).find(({ id }) => id === 'register')?.['mapping'], rows);
      await editor.page.reload();
      await editor.page.waitForFunction(
        `RED?.workspaces?.active?.() && !$('#red-ui-loading-progress').is(':visible')`,
      );
      await editor.evaluate(
        `RED.nodes.node('register').mapping.push({ table: 'labmaster', field: 'old', source: 'column', value: 'X' })`,
      );
      const [again, kept] = await open();
      assert.deepEqual(await kept.filter('mapped'), [
        'labmaster.patient_id',
        'labmaster.class_name',
        'labmaster.old',
      ]);
      assert.deepEqual(await kept.filter('open'), ['labmaster.old']);
      await kept.source('labmaster.old').selectOption('');
      await again.done();
      assert.deepEqual(await mapped(), rows);
    });
  });

  describe('in English and dark', () => {
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'en-US', dark: true });
    });
    after(() => editor?.close());
    afterEach(async () => {
      await editor.closeDialogs();
      assert.deepEqual(editor.errors.splice(0), []);
    });

    it('is readable in every state of a line', async () => {
      const [dialog, table] = await open();
      await table.value('labmaster.patient_id').fill('BRID');
      await table.source('labmaster.name').selectOption('jsonata');
      await table.byNames(false);
      await dialog.resize(NARROW);
      await editor.picture('mapping-dark');
      const texts = await dialog.colours(
        '.exchange-mapping-name, .exchange-mapping-line code, .exchange-mapping-line i, .exchange-mapping-line select, ' +
          '.exchange-mapping-line input, .exchange-mapping-section, .exchange-mapping-filters span, .exchange-hint',
      );
      assert.ok(texts.length > 300);
      assert.deepEqual(
        texts.filter(({ colour, background }) => contrast(colour, background) < 3),
        [],
      );
      assert.doesNotMatch(
        await dialog.text(),
        /exchange\.mapping|\p{Script=Han}(?<!测试医院|测试|医院|测|试|医|院)/u,
      );
      await dialog.cancel();
    });
  });
});
