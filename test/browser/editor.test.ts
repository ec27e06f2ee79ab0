/** The nodes in the real editor: what an integrator sees and does, in Chinese and in English, light and dark. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { ensureBuilt, root } from '../support/built-editor';
import { contrast } from '../support/contrast';
import { demoFlow } from '../support/demo-flow';
import { CHROMIUM, type Dialog, Editor, NodeRed } from '../support/editor';
import { needsPeer, works } from '../support/peer';

const NODES = [
  'request',
  'response',
  'sync',
  'register',
  'examination',
  'reports',
  'file',
  'viewer',
  'simulator',
];
const NARROW = 500;
/** A catalogue key that was not found is shown as it is. */
const KEY = /\b(?:exchange|[a-z]+-[a-z]+)\.[a-z]+[a-zA-Z.-]*\b/;
/** Data of the flow, in any language of the editor. */
const PROFILE_NAME = '测试医院';
const HAN = /\p{Script=Han}/u;

describe('the Node-RED editor', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;

  before(async function () {
    needsPeer(this, 'chromium', works(CHROMIUM, '--version'));
    ensureBuilt();
    nodeRed = await NodeRed.start();
    await nodeRed.deploy(demoFlow);
  });
  after(() => nodeRed?.stop());

  describe('in Chinese', () => {
    let editor: Editor;
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'zh-CN' });
    });
    after(() => editor?.close());
    afterEach(async () => {
      await editor.closeDialogs();
      assert.deepEqual(editor.errors.splice(0), []);
    });

    it('offers the nodes in their category', async () => {
      const category = editor.page.locator('.red-ui-palette-category', { hasText: '区域互联' });
      const labels = await category
        .locator('.red-ui-palette-node')
        .evaluateAll(nodes => nodes.map(node => node.getAttribute('data-palette-label')));
      assert.deepEqual(
        new Set(labels),
        new Set([
          '预约请求',
          '预约应答',
          '开单同步',
          '检验报告注册',
          '检查报告注册',
          '报告查询',
          '图文报告',
          '影像浏览',
          '平台模拟器',
        ]),
      );
      await category.scrollIntoViewIfNeeded();
      await editor.picture('overview');
    });

    it('finds every node of the flow valid', async () => {
      for (const id of [...NODES, 'profile']) {
        assert.equal(await editor.evaluate(`RED.nodes.node('${id}').valid`), true, id);
      }
    });

    it('names the outputs after the services of the agreement', async () => {
      const labels = await editor.evaluate<string[]>(
        `[...Array(7).keys()].map(i => { const n = RED.nodes.node('request'); return n._def.outputLabels.call(n, i) })`,
      );
      const services = [
        '获取开单项目列表',
        '获取预约号源',
        '预约',
        '取消预约',
        '回执单 PDF',
        '回执单 XML',
        '检查项目信息',
      ];
      assert.deepEqual(labels, services);
    });

    it('selects the only profile for a node that is dragged in', async () => {
      const id = await editor.drag('lab-register');
      const found = await editor.evaluate(
        `(n => ({ profile: n.profile, valid: n.valid }))(RED.nodes.node('${id}'))`,
      );
      assert.deepEqual(found, { profile: 'profile', valid: true });
      await editor.evaluate(`RED.nodes.remove('${id}')`);
    });

    for (const id of NODES) {
      it(`shows the whole dialog of ${id} in ${NARROW} px`, async () => {
        const dialog = await editor.openDialog(id);
        await checkDialog(dialog);
        await dialog.cancel();
      });
    }

    it(`shows the whole dialog of the profile in ${NARROW} px, tab by tab`, async () => {
      const dialog = await editor.openConfigDialog('profile');
      for (const tab of ['医院标识', '平台地址', '规则', '凭据']) {
        await dialog.openTab(tab);
        await checkDialog(dialog);
      }
      await dialog.cancel();
    });

    it('fills in a hospital of annex 1, and warns where its codes are doubtful', async () => {
      const dialog = await editor.openConfigDialog('profile');
      const hospital = dialog.tray.locator('#exchange-profile-hospital');
      await hospital.locator('option', { hasText: '厦门大学附属中山医院' }).waitFor({ state: 'attached' });
      await hospital.selectOption({ label: '3. 厦门大学附属中山医院' });
      assert.equal(await dialog.field('organCode').inputValue(), 'XM-10001-FSZSYY');
      assert.equal(await dialog.field('operator').inputValue(), 'FDZSYYApi');
      assert.match(await dialog.tray.locator('#exchange-profile-hospital-note').innerText(), /FD.*FS/);
      assert.equal(await dialog.field('name').inputValue(), '测试医院', 'a name of one’s own stays');
      await hospital.selectOption({ label: '1. 复旦中山厦门医院' });
      assert.equal(await dialog.field('organCode').inputValue(), '', 'no other hospital’s code stays');
      await dialog.cancel();
    });

    it('tests the addresses of the platform', async () => {
      const platform = http.createServer((_request, response) =>
        response.end('<wsdl:definitions xmlns:wsdl="x"/>'),
      );
      await new Promise<void>(resolve => {
        platform.listen(0, '127.0.0.1', resolve);
      });
      const { port } = platform.address() as AddressInfo;
      const dialog = await editor.openConfigDialog('profile');
      await dialog.openTab('平台地址');
      const result = async (target: string, field: string, url: string): Promise<string> => {
        await dialog.field(field).fill(url);
        await dialog.tray.locator(`[data-test="${target}"]`).click();
        const place = dialog.tray.locator(`[data-result="${target}"]`);
        await place.locator('.fa-check-circle, .fa-exclamation-circle').waitFor();
        assert.match(await place.innerText(), HAN);
        return (await place.getAttribute('class')) ?? '';
      };
      assert.match(
        await result('callInterface', 'callInterfaceUrl', `http://127.0.0.1:${port}/service`),
        /good/,
      );
      platform.close();
      platform.closeAllConnections();
      assert.match(await result('archive', 'archiveUrl', `http://127.0.0.1:${port}/service`), /bad/);
      await editor.picture('profile');
      await dialog.cancel();
    });

    it('says in Chinese what is wrong with a value', async () => {
      const dialog = await editor.openDialog('request');
      await dialog.field('path').fill('no path');
      await dialog.field('timeout').fill('soon');
      await dialog.done();
      const reasons = await editor.evaluate<string[]>(`RED.nodes.node('request').validationErrors`);
      assert.equal(reasons.length, 2);
      for (const reason of reasons) assert.match(reason, /^(服务路径|应答时限（秒）): 请.*[^_]$/);
      const again = await editor.openDialog('request');
      await again.field('path').fill('/exchange/AppointmentDealInterface');
      await again.field('timeout').fill('${ANSWER_SECONDS}');
      await again.done();
      assert.equal(await editor.evaluate(`RED.nodes.node('request').valid`), true);
    });

    it('shows the address of the booking service as it is typed', async () => {
      const dialog = await editor.openDialog('request');
      const address = dialog.tray.locator('#booking-request-addresses');
      await dialog.field('path').fill('/test/booking');
      assert.equal(await address.locator('code').innerText(), `${nodeRed.url}hie/test/booking`);
      assert.equal(await address.locator('a').getAttribute('href'), `${nodeRed.url}hie/test/booking?wsdl`);
      await dialog.field('baseUrl').fill('https://his.example.org/');
      assert.equal(await address.locator('code').innerText(), 'https://his.example.org/hie/test/booking');
      await dialog.cancel();
      const asItIs = await editor.openDialog('request');
      await editor.picture('booking-request');
      await asItIs.cancel();
    });

    it('asks for UserPwd only on the page that has it, and keeps parameters of another page', async () => {
      const dialog = await editor.openDialog('viewer');
      const names = dialog.tray.locator('#viewer-token-parameters select');
      await names.locator('option', { hasText: 'ObservationUID' }).waitFor({ state: 'attached' });
      assert.equal(await dialog.field('userPwd').isVisible(), false);
      await names.selectOption('ObservationUID');
      await dialog.field('page').selectOption('ClinicExamList');
      assert.equal(await dialog.field('userPwd').isVisible(), true);
      assert.match(await names.locator('option:checked').innerText(), /ObservationUID.*未列出/);
      await dialog.cancel();
    });

    it('shows the settings of the service that is synchronised, and all when the message chooses', async () => {
      const dialog = await editor.openDialog('sync');
      const shown = async (service: string): Promise<boolean[]> => {
        await dialog.field('service').selectOption(service);
        const settings = ['statuses', 'rangeDays', 'debounce'];
        return Promise.all(settings.map(name => dialog.field(name).isVisible()));
      };
      assert.deepEqual(await shown('UpdateBillingInfo'), [false, true, true]);
      assert.deepEqual(await shown('msg'), [true, true, true]);
      await checkDialog(dialog);
      assert.deepEqual(await shown('SyncAppointData'), [true, false, false]);
      await dialog.cancel();
    });

    it('takes statuses by number only', async () => {
      const invalid = async (statuses: string): Promise<string[]> => {
        const dialog = await editor.openDialog('sync');
        await dialog.field('statuses').fill(statuses);
        await dialog.done();
        return editor.evaluate<string[]>(`RED.nodes.node('sync').validationErrors ?? []`);
      };
      const reason = '同步的状态: 请填 1 到 7 的编号，用逗号分隔，或 ${环境变量}';
      assert.deepEqual(await invalid('已预约'), [reason]);
      assert.deepEqual(await invalid('1,8'), [reason]);
      assert.deepEqual(await invalid('1， 5'), []);
      assert.deepEqual(await invalid('${SYNC_STATUSES}'), []);
    });

    it('shows of a report file only what its way of publishing needs', async () => {
      const dialog = await editor.openDialog('file');
      const fields = ['target', 'urlPath', 'signKey', 'allowedNetworks', 'ftpHost', 'ftpPort', 'mountedAt'];
      const visible = async (): Promise<string[]> => {
        const shown = await Promise.all(fields.map(name => dialog.field(name).isVisible()));
        return fields.filter((_name, index) => shown[index]);
      };
      const address = dialog.tray.locator('#report-file-address');
      assert.equal(await address.innerText(), 'http://10.0.0.5:1880/hie/exchange/reports/…');
      assert.deepEqual(await visible(), ['target', 'urlPath', 'allowedNetworks']);
      await dialog.field('signed').check();
      assert.deepEqual(await visible(), ['target', 'urlPath', 'signKey', 'allowedNetworks']);
      await checkDialog(dialog);
      await dialog.field('target').selectOption('ftp');
      assert.deepEqual(await visible(), ['target', 'ftpHost', 'ftpPort']);
      await checkDialog(dialog);
      await dialog.field('target').selectOption('share');
      assert.deepEqual(await visible(), ['target']);
      await checkDialog(dialog);
      await dialog.field('mode').selectOption('fetch');
      assert.deepEqual(await visible(), ['ftpHost', 'mountedAt']);
      await checkDialog(dialog);
      await dialog.cancel();
    });

    it('says in Chinese what is wrong with the settings of a report file', async () => {
      const dialog = await editor.openDialog('file');
      const wrong = {
        template: '../{report_form_no}.pdf',
        baseUrl: 'fileserver',
        allowedNetworks: '10.0.0.0/8, lan',
        directory: '',
        maxMiB: '0',
      };
      for (const [name, value] of Object.entries(wrong)) await dialog.field(name).fill(value);
      await dialog.done();
      const reasons = await editor.evaluate<string[]>(`RED.nodes.node('file').validationErrors`);
      assert.equal(reasons.length, 5);
      for (const reason of reasons) assert.match(reason, /^\p{Script=Han}[^:]*: \S*\p{Script=Han}.*[^_]$/u);
      const again = await editor.openDialog('file');
      const good = {
        template: '{yyyy}/{MM}/{report.report_form_no}-{file}.{ext}',
        baseUrl: '\\\\fileserver\\reports',
        allowedNetworks: '10.0.0.0/8，fd00::/8',
        directory: '${REPORT_FOLDER}',
        maxMiB: '50',
      };
      for (const [name, value] of Object.entries(good)) await again.field(name).fill(value);
      await again.done();
      assert.equal(await editor.evaluate(`RED.nodes.node('file').valid`), true);
    });

    it('keeps what was set, through Done, Deploy and a new dialog', async () => {
      await setEverything(editor);
      await editor.deploy();
      const stored = new Map((await nodeRed.flows()).map(node => [node.id, node]));
      assert.deepEqual(
        (({ maxItems, receiptDateStyle, mergePdf, property, propertyType }) => [
          maxItems,
          receiptDateStyle,
          mergePdf,
          property,
          propertyType,
        ])(stored.get('response') as Record<string, unknown>),
        ['50', 'slash', false, 'rows', 'msg'],
      );
      const reports = stored.get('reports');
      assert.deepEqual(
        ['service', 'idArguments', 'fillRange', 'output'].map(name => reports?.[name]),
        ['msg', 'auto', true, 'sequence'],
      );
      assert.deepEqual(stored.get('viewer')?.['parameters'], [
        { name: 'PatientID', value: 'patient', type: 'msg' },
        { name: 'ShowType', value: '2', type: 'str' },
      ]);
      assert.equal(stored.get('profile')?.['validation'], 'strict');
      assert.equal(
        JSON.stringify([...stored.values()]).includes('new-secret'),
        false,
        'secrets stay out of the flow',
      );
      await editor.page.reload();
      await editor.page.waitForFunction(
        `RED?.workspaces?.active?.() && !$('#red-ui-loading-progress').is(':visible')`,
      );
      await checkEverything(editor);
    });

    it('imports every example without an unknown node', async function () {
      const examples = exampleFiles();
      if (examples.length === 0) this.skip();
      for (const file of examples) {
        await editor.evaluate(`RED.nodes.import(${fs.readFileSync(file, 'utf8')}, { generateIds: true })`);
      }
      assert.deepEqual(
        await editor.evaluate(`RED.nodes.filterNodes({ type: 'unknown' }).map(n => n.name)`),
        [],
      );
    });
  });

  describe('in English, and dark where Node-RED can be', () => {
    let editor: Editor;
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'en-US', dark: true });
    });
    after(() => editor?.close());
    afterEach(async () => {
      await editor.closeDialogs();
      assert.deepEqual(editor.errors.splice(0), []);
    });

    it('titles the category', async () => {
      const title = editor.page.locator('.red-ui-palette-header', { hasText: 'regional exchange' });
      assert.equal(await title.count(), 1);
    });

    for (const id of NODES) {
      it(`has no Chinese in the dialog of ${id}, and is readable`, async () => {
        const dialog = await editor.openDialog(id);
        const text = (await dialog.text()).replaceAll(PROFILE_NAME, '');
        assert.doesNotMatch(text, HAN);
        assert.doesNotMatch(text, KEY);
        await checkContrast(dialog);
        if (id === 'viewer') await editor.picture('dark');
        await dialog.cancel();
      });
    }

    it('shows the help of every type as formatted text', async () => {
      for (const type of [
        'exchange-profile',
        'booking-request',
        'booking-response',
        'billing-sync',
        'lab-register',
        'exam-register',
        'report-query',
        'report-file',
        'viewer-token',
        'platform-simulator',
      ]) {
        await editor.evaluate(`RED.sidebar.help.show('${type}')`);
        const help = editor.page.locator('.red-ui-help').last();
        await help.locator('h3', { hasText: 'References' }).waitFor();
        assert.doesNotMatch(await help.innerText(), /<\w+|\*\*/);
      }
    });
  });
});

/** Reads well, holds no key, and fits its width. */
async function checkDialog(dialog: Dialog): Promise<void> {
  await dialog.resize(NARROW);
  assert.deepEqual(await dialog.overflowing(), []);
  assert.doesNotMatch(await dialog.text(), KEY);
}

/** Every visible text of the form stands out from its background (WCAG 2 asks 3 of large and secondary text). */
async function checkContrast(dialog: Dialog): Promise<void> {
  const texts = await dialog.colours('label, .exchange-hint, .exchange-note, h4, input, select');
  assert.ok(texts.length > 0);
  assert.deepEqual(
    texts.filter(({ colour, background }) => contrast(colour, background) < 3),
    [],
  );
}

async function setEverything(editor: Editor): Promise<void> {
  const response = await editor.openDialog('response');
  await response.field('maxItems').fill('50');
  await response.field('receiptDateStyle').selectOption('slash');
  await response.field('mergePdf').uncheck();
  await response.tray.locator('.red-ui-typedInput-input').first().fill('rows');
  await response.done();

  const reports = await editor.openDialog('reports');
  await reports.field('service').selectOption('msg');
  await reports.field('idArguments').selectOption('auto');
  await reports.field('fillRange').check();
  await reports.field('output').selectOption('sequence');
  await reports.done();

  const viewer = await editor.openDialog('viewer');
  const list = viewer.tray.locator('.red-ui-editableList');
  await list.locator('option[value="PatientID"]').waitFor({ state: 'attached' });
  await list.locator('select').selectOption('PatientID');
  await list.locator('.red-ui-typedInput-input').fill('patient');
  await list.locator('.red-ui-editableList-addButton').click();
  await list.locator('select').nth(1).selectOption('ShowType');
  await list.locator('.red-ui-typedInput-type-select').nth(1).click();
  await editor.page.locator('.red-ui-typedInput-options:visible a[value="str"]').click();
  await list.locator('.red-ui-typedInput-input').nth(1).fill('2');
  await viewer.done();

  const profile = await editor.openConfigDialog('profile');
  await profile.openTab('规则');
  await profile.field('validation').selectOption('strict');
  await profile.openTab('凭据');
  assert.equal(await profile.tray.locator('[data-secret="appId"]').innerText(), '未设置');
  await profile.field('appId').fill('new-secret');
  assert.equal(await profile.tray.locator('[data-secret="appId"]').innerText(), '已设置');
  await profile.done();
}

async function checkEverything(editor: Editor): Promise<void> {
  const response = await editor.openDialog('response');
  assert.equal(await response.field('maxItems').inputValue(), '50');
  assert.equal(await response.field('mergePdf').isChecked(), false);
  await response.cancel();

  const reports = await editor.openDialog('reports');
  assert.equal(await reports.field('idArguments').inputValue(), 'auto');
  assert.equal(await reports.field('fillRange').isChecked(), true);
  await reports.cancel();

  const viewer = await editor.openDialog('viewer');
  const names = viewer.tray.locator('#viewer-token-parameters select');
  await names.first().locator('option:checked', { hasText: 'PatientID' }).waitFor({ state: 'attached' });
  assert.equal(await names.nth(1).inputValue(), 'ShowType');
  await viewer.cancel();

  const profile = await editor.openConfigDialog('profile');
  assert.equal(await profile.field('validation').inputValue(), 'strict');
  await profile.openTab('凭据');
  for (const secret of ['appId', 'certificate']) {
    assert.equal(await profile.tray.locator(`[data-secret="${secret}"]`).innerText(), '已设置');
    assert.equal(await profile.field(secret).inputValue(), '__PWRD__', 'the editor never gets the secret');
  }
  assert.equal(await profile.tray.locator('[data-secret="strKey"]').innerText(), '未设置');
  await profile.cancel();
}

const exampleFiles = (): string[] => {
  const folder = path.join(root, 'examples');
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.json'))
    .map(file => path.join(folder, file));
};
