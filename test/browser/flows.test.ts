/** An integrator's first hour in the real editor: import the hospital's example, deploy it, see it work. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { ImageArchive } from '../../lib/simulator/platform/image-archive';
import { ensureBuilt } from '../support/built-editor';
import { demoFlow } from '../support/demo-flow';
import { CHROMIUM, Editor, NodeRed } from '../support/editor';
import { needsPeer, works } from '../support/peer';
import { freePort } from '../support/port';
import { until } from '../support/until';

const HOSPITAL = '02 厦门大学附属第一医院';
const ALL = '0 全部流程 all flows';
const LAB = '3 检验报告上传 Lab reports';

describe('the example of a hospital in the editor', function () {
  this.timeout(90_000);
  let nodeRed: NodeRed;
  let editor: Editor;
  const environment: Record<string, string> = {};
  const archives = {
    PACS: new ImageArchive({ aeTitle: 'PACS', port: 0 }),
    IMAGES: new ImageArchive({ aeTitle: 'IMAGES', port: 0 }),
  };

  before(async function () {
    needsPeer(this, 'chromium', works(CHROMIUM, '--version'));
    ensureBuilt();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/hie`;
    await Promise.all([archives.PACS.start(), archives.IMAGES.start()]);
    Object.assign(environment, {
      TEST_PORT: String(port),
      EXCHANGE_APP_ID: 'DEMO-APP-ID',
      EXCHANGE_CERTIFICATE: 'DEMO-CERTIFICATE',
      EXCHANGE_STR_CREDENTIAL: 'DEMO-CREDENTIAL',
      EXCHANGE_STR_KEY: 'DEMO-KEY',
      EXCHANGE_VIEWER_KEY: 'DEMO-VIEWER-KEY',
      EXCHANGE_ORG_CODE: '000000T0001',
      EXCHANGE_USER_GUID: '00000000-0000-0000-0000-000000000001',
      EXCHANGE_ORGAN_CODE: 'XM-00000-TEST',
      EXCHANGE_CALL_INTERFACE_URL: `${url}/simulator/CallInterface.asmx`,
      EXCHANGE_ARCHIVE_URL: `${url}/simulator/sehr.service.auto/IAutoReport.asmx`,
      EXCHANGE_VIEWER_URL: `${url}/simulator/IDCAS/Interface`,
      EXCHANGE_BOOKING_URL: `${url}/exchange/AppointmentDealInterface`,
      EXCHANGE_REPORT_FILE_URL: `http://127.0.0.1:${port}`,
      EXCHANGE_REPORT_SIGN_KEY: 'DEMO-REPORT-SIGN-KEY',
      EXCHANGE_AE: 'NODERED',
      EXCHANGE_CHECK_PATIENT: 'Z00000002',
      EXCHANGE_STATION_PORT: String(await freePort()),
      ...Object.fromEntries(
        (['PACS', 'IMAGES'] as const).flatMap(peer => [
          [`EXCHANGE_${peer}_HOST`, '127.0.0.1'],
          [`EXCHANGE_${peer}_PORT`, String(archives[peer].port)],
          [`EXCHANGE_${peer}_AE`, peer],
        ]),
      ),
    });
    Object.assign(process.env, environment);
    nodeRed = await NodeRed.start();
    editor = await Editor.open(nodeRed.url, { locale: 'zh-CN' });
  });
  after(async () => {
    for (const name of Object.keys(environment)) delete process.env[name];
    await editor?.close();
    await nodeRed?.stop();
    await Promise.all([archives.PACS.stop(), archives.IMAGES.stop()]);
  });
  afterEach(async () => {
    await editor.closeDialogs();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const count = (type: string): Promise<number> =>
    editor.evaluate<number>(
      `(() => { let n = 0; RED.nodes.eachConfig(c => { if (c.type === '${type}') n++; }); return n; })()`,
    );
  const statusOf = (type: string): Promise<string> =>
    editor.evaluate<string>(
      `RED.nodes.filterNodes({ type: '${type}' }).map(n => n.status?.text ?? '').join()`,
    );

  /** By the dialog, as a person does: package, folder, file, Import; a copy of what is there already. */
  async function importExample(hospital: string, file: string): Promise<void> {
    await editor.evaluate(`RED.actions.invoke('core:show-examples-import-dialog')`);
    const tree = editor.page.locator('#red-ui-clipboard-dialog .red-ui-treeList-label:visible');
    for (const label of ['@regional-exchange/node-red-hospital', hospital, file]) {
      await tree.filter({ hasText: label }).first().click();
      await pause(300); // the tree slides open
    }
    // Pictures hide them.
    await editor.evaluate(`void $('#red-ui-notifications').show()`);
    const nodes = (): Promise<number> => editor.evaluate<number>('RED.nodes.filterNodes({}).length');
    const before = await nodes();
    await editor.page.locator('#red-ui-clipboard-dialog-ok').click();
    const copy = editor.page.locator('.red-ui-notification button', { hasText: /副本|copy/i }).first();
    await until('the example is there', async () => {
      if (await copy.isVisible()) await copy.click();
      return (await nodes()) > before;
    });
  }

  it('is found in the Import dialog, and runs when it is deployed', async () => {
    await importExample(HOSPITAL, ALL);
    await editor.page.waitForFunction(`RED.nodes.filterNodes({ type: 'lab-register' }).length === 1`);
    assert.deepEqual(
      await editor.evaluate(`RED.nodes.filterNodes({ type: 'unknown' }).map(n => n.name)`),
      [],
    );
    assert.equal(await count('exchange-profile'), 1);
    const faulty = await editor.evaluate<string[]>(
      `RED.nodes.filterNodes({}).filter(n => n.valid === false).map(n => n.type + ' ' + n.name)`,
    );
    assert.deepEqual(faulty, [], 'nodes with a red triangle');
    await editor.deploy();
    for (const [type, text] of [
      ['lab-register', '平台已接受'],
      ['exam-register', '平台已接受'],
      ['database-poll', '等待新数据'],
    ] as const)
      await editor.page.waitForFunction(
        `RED.nodes.filterNodes({ type: '${type}' }).some(n => n.status?.text === '${text}')`,
        undefined,
        { timeout: 30_000 },
      );
    const z = await editor.evaluate<string>(`RED.nodes.filterNodes({ type: 'lab-register' })[0].z`);
    await editor.evaluate(`RED.workspaces.show('${z}')`);
    assert.ok((await statusOf('lab-register')).length > 0);
    await editor.picture('flow-lab');
  });

  describe('checks itself', () => {
    const node = `RED.nodes.filterNodes({ type: 'exchange-check' })[0]`;
    /** Presses the button before the node and waits for the verdict in its status. */
    async function press(verdict: string): Promise<void> {
      await editor.evaluate(`RED.workspaces.show(${node}.z)`);
      const button = await editor.evaluate<string>(
        `RED.nodes.filterNodes({ type: 'inject', z: ${node}.z })[0].id`,
      );
      await editor.page.locator(`[id="${button}"] .red-ui-flow-node-button-button`).click();
      await editor.page.waitForFunction(`${node}.status?.text === '${verdict}'`, undefined, {
        timeout: 30_000,
      });
    }

    it('at the press of a button; without leave to write it books nothing at the hospital', () =>
      press('有接口未配置'));

    it('wholly, with leave to write test data; the report opens in a tab of its own, without an error', async () => {
      const dialog = await editor.openDialog(await editor.evaluate<string>(`${node}.id`));
      await dialog.resize(500);
      assert.deepEqual(await dialog.overflowing(), []);
      await dialog.field('writes').selectOption('test-data');
      await dialog.done();
      await editor.deploy();
      await press('17 个接口全部通过');
      await editor.openDialog(await editor.evaluate<string>(`${node}.id`));
      const errors: string[] = [];
      const opened = editor.page.context().waitForEvent('page');
      editor.page.context().once('page', page => {
        page.on('console', message => errors.push(message.text()));
        page.on('pageerror', error => errors.push(error.message));
      });
      await editor.page.locator('#exchange-check-report').click();
      const report = await opened;
      await report.getByText('17 / 17').waitFor();
      await report.getByText('互联互通自查报告').first().waitFor();
      assert.equal(await report.locator('.badge.fail').count(), 0);
      assert.deepEqual(errors, []);
      const folder = process.env['SCREENSHOTS'];
      await report.setViewportSize({ width: 1100, height: 1240 });
      if (folder) await report.screenshot({ path: `${folder}/evidence.png` });
      await report.close();
    });
  });

  it('keeps one profile when another flow of the hospital, or the same again, is imported', async () => {
    await importExample(HOSPITAL, LAB);
    await editor.page.waitForFunction(`RED.nodes.filterNodes({ type: 'lab-register' }).length === 2`);
    assert.deepEqual(
      [await count('exchange-profile'), await count('exchange-store'), await count('hospital-database')],
      [1, 1, 1],
    );
  });

  describe('the dialogs', () => {
    before(() => nodeRed.deploy(demoFlow).then(() => editor.page.reload()));
    before(() =>
      editor.page.waitForFunction(
        `RED?.nodes?.node?.('poll') && !$('#red-ui-loading-progress').is(':visible')`,
      ),
    );

    it('takes every node of the palette, and its dialog with Done', async () => {
      const types = await editor.evaluate<string[]>(
        `[...document.querySelectorAll('.red-ui-palette-category')]
          .filter(c => c.textContent.includes('区域互联'))
          .flatMap(c => [...c.querySelectorAll('.red-ui-palette-node')].map(n => n.dataset.paletteType))`,
      );
      assert.equal(types.length, 17);
      for (const type of types) {
        const id = await editor.drag(type);
        const dialog = await editor.openDialog(id);
        await dialog.field('name').fill(`${type} 改名`);
        await dialog.done();
        assert.equal(await editor.evaluate(`RED.nodes.node('${id}').name`), `${type} 改名`);
        await editor.evaluate(`RED.nodes.remove('${id}')`);
      }
    });

    it('shows only what the mode needs', async () => {
      const dialog = await editor.openDialog('poll');
      const seen = async (...names: string[]): Promise<string[]> => {
        const shown = await Promise.all(names.map(name => dialog.field(name).isVisible()));
        return names.filter((_name, at) => shown[at]);
      };
      const fields = ['source', 'detailSource', 'watermark', 'statusColumn', 'lease', 'fetchProcedure'];
      assert.deepEqual(await seen(...fields), ['source', 'detailSource', 'watermark']);
      await editor.picture('database-poll');
      await dialog.field('mode').selectOption('claim');
      assert.deepEqual(await seen(...fields), ['source', 'detailSource', 'statusColumn', 'lease']);
      await dialog.field('mode').selectOption('procedure');
      assert.deepEqual(await seen(...fields), ['lease', 'fetchProcedure']);
      assert.deepEqual(await seen('detailKeys'), ['detailKeys']);
      await dialog.resize(500);
      assert.deepEqual(await dialog.overflowing(), []);
      await dialog.cancel();
    });

    it('says in Chinese what is missing', async () => {
      const dialog = await editor.openDialog('poll');
      await dialog.field('source').fill('');
      await dialog.field('watermark').fill('');
      await dialog.field('interval').fill('0');
      await dialog.done();
      const faults = await editor.evaluate<string[]>(`RED.nodes.node('poll').validationErrors ?? []`);
      assert.equal(faults.filter(fault => /\p{Script=Han}/u.test(fault)).length, 3, faults.join());
    });

    it('tests a database from its dialog, as it stands in the form', async () => {
      const dialog = await editor.openConfigDialog('his');
      await dialog.field('kind').selectOption('sqlite');
      await dialog.field('file').fill('probe.db');
      await dialog.tray.locator('#hospital-database-test').click();
      await dialog.tray.locator('#hospital-database-result', { hasText: /嵌入式数据库 SQLite 3/ }).waitFor();
      await dialog.field('file').fill('/no/such/folder/probe.db');
      await dialog.tray.locator('#hospital-database-test').click();
      await dialog.tray.locator('#hospital-database-result', { hasText: /无法打开/ }).waitFor();
      await dialog.cancel();
    });
  });
});
