/** The nodes in the real editor: what an integrator sees and does, in Chinese and in English, light and dark. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { imageFaultNames, soapFaultNames } from '../../lib/simulator/faults/fault-kinds';
import { scenarioFiles } from '../../lib/simulator/scenario-files';
import { ensureBuilt } from '../support/built-editor';
import { contrast } from '../support/contrast';
import { demoFlow } from '../support/demo-flow';
import { CHROMIUM, type Dialog, Editor, NodeRed } from '../support/editor';
import { needsPeer, works } from '../support/peer';

const NODES = [
  'check',
  'request',
  'response',
  'sync',
  'register',
  'examination',
  'handover',
  'reports',
  'file',
  'viewer',
  'incoming',
  'images',
  'study',
  'unsent',
  'poll',
  'alerts',
  'simulator',
];
const NARROW = 500;
/** A catalogue key that was not found is shown as it is; a file name looks like one. */
const KEY = /\b(?!exchange-store\.db\b)(?:exchange|[a-z]+-[a-z]+)\.[a-z]+[a-zA-Z.-]*\b/;
/** Data of the flow, in any language of the editor. */
const NAMES = /测试医院|本机消息库/g;
/** Fields of a message store's place, in their order. */
const PLACE = ['file', 'maxMiB', 'host', 'port', 'database', 'schema', 'user', 'password', 'tls', 'caFile'];
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
          '交接完成',
          '报告查询',
          '图文报告',
          '影像浏览',
          '影像上传',
          '影像调取',
          '数据库执行',
          '数据库轮询',
          '影像接收',
          '告警',
          '互联互通自查',
          '平台模拟器',
        ]),
      );
      await category.scrollIntoViewIfNeeded();
      await editor.picture('overview');
    });

    it('finds every node of the flow valid', async () => {
      for (const id of [...NODES, 'profile', 'store', 'peer', 'station']) {
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

    it(`shows the whole dialog of the message store in ${NARROW} px, tab by tab`, async () => {
      const dialog = await editor.openConfigDialog('store');
      for (const tab of ['存放位置', '发送重试', '保存期限', '加密']) {
        await dialog.openTab(tab);
        await checkDialog(dialog);
      }
      await dialog.cancel();
    });

    it('shows of a message store only what its kind needs', async () => {
      const dialog = await editor.openConfigDialog('store');
      const offered = dialog.tray.locator('#node-config-input-tls option:not([hidden])');
      assert.deepEqual(await visible(dialog, PLACE), ['file', 'maxMiB']);
      await dialog.field('kind').selectOption('postgresql');
      assert.deepEqual(await visible(dialog, PLACE), PLACE.slice(2));
      assert.equal(await dialog.field('port').getAttribute('placeholder'), '5432');
      assert.deepEqual(await offered.allInnerTexts(), ['校验证书', '信任服务器', '不加密']);
      await checkDialog(dialog);
      await dialog.field('kind').selectOption('sqlserver');
      await dialog.field('tls').selectOption('legacy');
      const withoutSchemaAndCa = PLACE.slice(2).filter(name => name !== 'schema' && name !== 'caFile');
      assert.deepEqual(await visible(dialog, PLACE), withoutSchemaAndCa);
      assert.equal(await dialog.field('port').getAttribute('placeholder'), '1433');
      await checkDialog(dialog);
      await dialog.field('kind').selectOption('postgresql');
      assert.equal(await dialog.field('tls').inputValue(), 'verify', 'PostgreSQL has no legacy TLS');
      await dialog.openTab('加密');
      const notes = dialog.tray.locator('.exchange-note:visible');
      assert.match(await notes.innerText(), /必须填写/);
      await dialog.openTab('存放位置');
      await dialog.field('kind').selectOption('embedded');
      await dialog.field('file').fill('data/messages.db');
      await dialog.openTab('加密');
      assert.match(await notes.innerText(), /data\/messages\.db\.key/);
      const mark = dialog.tray.locator('[data-secret="key"]');
      assert.equal(await mark.innerText(), '未设置');
      await dialog.field('key').fill('synthetic key');
      assert.equal(await mark.innerText(), '已设置');
      await dialog.cancel();
    });

    it('opens the message store from the profile, and comes back to the tab it left', async () => {
      const dialog = await editor.openConfigDialog('profile');
      await dialog.openTab('平台地址');
      await dialog.tray.locator('.form-row:has(#node-config-input-store) .fa-pencil').click();
      await editor.page.locator('#node-config-input-maxMiB').waitFor();
      await editor.page.locator('#node-config-dialog-cancel').last().click();
      await editor.page.locator('#node-config-input-maxMiB').waitFor({ state: 'detached' });
      await dialog.field('sendingHours').waitFor();
      await dialog.cancel();
    });

    it('says in Chinese what is wrong with the settings of a message store', async () => {
      const faults = async (values: Record<string, string>): Promise<string[]> => {
        const dialog = await editor.openConfigDialog('store');
        for (const name of ['kind', 'tls'])
          if (values[name]) await dialog.field(name).selectOption(values[name]);
        for (const [name, value] of Object.entries(values)) {
          if (name === 'kind' || name === 'tls') continue;
          // Of the hidden tabs, too.
          await dialog.field(name).evaluate((field: HTMLInputElement, text) => (field.value = text), value);
        }
        await dialog.done();
        return editor.evaluate<string[]>(`RED.nodes.node('store').validationErrors ?? []`);
      };
      const embedded = await faults({ file: '', maxMiB: 'all', keepContents: '91', keepAudit: '179' });
      assert.deepEqual(embedded, [
        '文件: 不能为空',
        '大小上限（MiB）: 请留空，或填 1 到 1048576 之间的整数，或 ${环境变量}',
        '内容（天）: 不能大于「记录（天）」',
        '审计（天）: 请填 180 到 36500 之间的整数，或 ${环境变量}',
      ]);
      const shared = { kind: 'postgresql', keepContents: '30', keepAudit: '180' };
      assert.deepEqual(await faults({ ...shared, host: 'db\\HIS', port: '0', database: '', schema: '1st' }), [
        '主机: 请填主机名或 IP 地址，不带端口和实例名，或 ${环境变量}',
        '端口: 请留空，或填 1 到 65535 之间的整数，或 ${环境变量}',
        '数据库名: 不能为空',
        '架构名: 请用字母、数字和下划线，不以数字开头，最多 41 个字符',
      ]);
      const database = { host: '${STORE_HOST}', port: '', database: 'exchange', schema: '' };
      assert.deepEqual(await faults(database), []);
      assert.deepEqual(
        await faults({ kind: 'embedded', file: 'exchange-store.db', maxMiB: '', host: '', database: '' }),
        [],
      );
    });

    it('hides of a node that delivers directly what only the message store needs', async () => {
      const fields = ['delivery', 'handover', 'holdsKey'];
      for (const id of ['register', 'examination', 'sync']) {
        const dialog = await editor.openDialog(id);
        assert.deepEqual(await visible(dialog, fields), fields);
        await dialog.field('delivery').selectOption('direct');
        assert.deepEqual(await visible(dialog, fields), ['delivery']);
        await checkDialog(dialog);
        await dialog.cancel();
      }
    });

    it('takes the settings of delivery of an older flow as those of a new node', async () => {
      await editor.evaluate(
        `(n => { delete n.delivery; delete n.handover; delete n.holdsKey })(RED.nodes.node('register'))`,
      );
      const dialog = await editor.openDialog('register');
      assert.equal(await dialog.field('delivery').inputValue(), 'durable');
      assert.equal(await dialog.field('handover').inputValue(), 'auto');
      assert.equal(await dialog.field('holdsKey').isChecked(), false);
      await dialog.done();
      assert.equal(await editor.evaluate(`RED.nodes.node('register').valid`), true);
    });

    it('asks for a message store only where something is delivered durably', async () => {
      const faults = (id: string): Promise<string[]> =>
        editor.evaluate<string[]>(`RED.nodes.node('${id}').validationErrors ?? []`);
      const direct = await editor.openDialog('examination');
      await direct.field('delivery').selectOption('direct');
      await direct.done();
      const choose = async (store: string): Promise<void> => {
        const dialog = await editor.openConfigDialog('profile');
        await dialog.openTab('平台地址');
        await dialog.field('store').selectOption(store);
        await dialog.done();
      };
      await choose('_ADD_');
      assert.deepEqual(await faults('profile'), []);
      assert.deepEqual(await faults('examination'), []);
      for (const id of ['register', 'sync']) {
        assert.deepEqual(await faults(id), [
          '发送方式: 接入配置没有选择消息库，请在接入配置中选择，或改为直接发送',
        ]);
      }
      const again = await editor.openConfigDialog('profile');
      assert.equal(await again.field('store').inputValue(), 'store', 'the only one is selected');
      await again.done();
      assert.deepEqual(await faults('register'), []);
      const durable = await editor.openDialog('examination');
      await durable.field('delivery').selectOption('durable');
      await durable.done();
    });

    it('takes sending hours and a rate, or none', async () => {
      const faults = async (sendingHours: string, perMinute: string): Promise<string[]> => {
        const dialog = await editor.openConfigDialog('profile');
        await dialog.openTab('平台地址');
        await dialog.field('sendingHours').fill(sendingHours);
        await dialog.field('perMinute').fill(perMinute);
        await dialog.done();
        return editor.evaluate<string[]>(`RED.nodes.node('profile').validationErrors ?? []`);
      };
      assert.deepEqual(await faults('晚上', '0'), [
        '每分钟最多: 请留空，或填 1 到 60000 之间的整数，或 ${环境变量}',
        '发送时段: 请填时段，如 20:00-06:00, 12:00-13:00，或留空',
      ]);
      assert.deepEqual(await faults('20:00-06:00，12:00-13:30', '${PER_MINUTE}'), []);
      assert.deepEqual(await faults('', ''), []);
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

    it('offers every fault and scenario of the simulator, and keeps the choice', async () => {
      const dialog = await editor.openDialog('simulator');
      const values = await dialog
        .field('preset')
        .locator('option')
        .evaluateAll(options => options.map(option => (option as HTMLOptionElement).value));
      assert.deepEqual(values, [
        '',
        ...scenarioFiles.map(({ name }) => `scenario:${name}`),
        ...soapFaultNames.map(name => `soap:${name}`),
        ...imageFaultNames.map(name => `dicom:${name}`),
      ]);
      await dialog.field('preset').selectOption({ label: 'lost-answer 影像已保存，应答丢失' });
      await dialog.done();
      const again = await editor.openDialog('simulator');
      assert.equal(await again.field('preset').inputValue(), 'dicom:lost-answer');
      await again.field('preset').selectOption('');
      await again.done();
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
      const address = dialog.tray.locator('#report-file-address');
      assert.equal(await address.innerText(), 'http://10.0.0.5:1880/hie/exchange/reports/…');
      assert.deepEqual(await visible(dialog, fields), ['target', 'urlPath', 'allowedNetworks']);
      await dialog.field('signed').check();
      assert.deepEqual(await visible(dialog, fields), ['target', 'urlPath', 'signKey', 'allowedNetworks']);
      await checkDialog(dialog);
      await dialog.field('target').selectOption('ftp');
      assert.deepEqual(await visible(dialog, fields), ['target', 'ftpHost', 'ftpPort']);
      await checkDialog(dialog);
      await dialog.field('target').selectOption('share');
      assert.deepEqual(await visible(dialog, fields), ['target']);
      await checkDialog(dialog);
      await dialog.field('mode').selectOption('fetch');
      assert.deepEqual(await visible(dialog, fields), ['allowedNetworks', 'ftpHost', 'mountedAt']);
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

    it('shows of an alert node only the limits of what is watched, and sends a test', async () => {
      const dialog = await editor.openDialog('alerts');
      const limits = ['queueMinutes', 'waitingCount', 'diskPercent', 'diskMiB', 'certificateDays'];
      assert.deepEqual(await visible(dialog, limits), limits);
      await editor.picture('exchange-alert');
      await dialog.field('queue').uncheck();
      await dialog.field('disk').uncheck();
      assert.deepEqual(await visible(dialog, limits), ['waitingCount', 'certificateDays']);
      await checkDialog(dialog);
      await dialog.tray.locator('#exchange-alert-test').click();
      await dialog.tray.locator('#exchange-alert-result', { hasText: /测试告警已从本节点输出/ }).waitFor();
      await dialog.cancel();
    });

    it('says in Chinese what is wrong with the settings of an alert node', async () => {
      const faults = async (values: Record<string, string>): Promise<string[]> => {
        const dialog = await editor.openDialog('alerts');
        for (const [name, value] of Object.entries(values)) await dialog.field(name).fill(value);
        await dialog.done();
        return editor.evaluate<string[]>(`RED.nodes.node('alerts').validationErrors ?? []`);
      };
      assert.deepEqual(await faults({ queueMinutes: '0', diskPercent: '100', quietHours: '夜里' }), [
        '等待超过（分钟）: 请填 1 到 100000 之间的整数，或 ${环境变量}',
        '剩余少于（%）: 请留空，或填 0 到 99 之间的整数，或 ${环境变量}',
        '免打扰时段: 请填时段，如 20:00-06:00, 12:00-13:00，或留空',
      ]);
      const good = { queueMinutes: '${QUEUE_MINUTES}', diskPercent: '', quietHours: '22:00-07:00' };
      assert.deepEqual(await faults(good), []);
      assert.deepEqual(await faults({ queueMinutes: '30', diskPercent: '5', quietHours: '' }), []);
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
        const text = (await dialog.text()).replace(NAMES, '');
        assert.doesNotMatch(text, HAN);
        assert.doesNotMatch(text, KEY);
        await checkContrast(dialog);
        if (id === 'viewer') await editor.picture('dark');
        await dialog.cancel();
      });
    }

    it('has no Chinese in the dialog of the message store, and is readable', async () => {
      const dialog = await editor.openConfigDialog('store');
      for (const tab of ['Place', 'Retries', 'Keeping', 'Key']) {
        await dialog.openTab(tab);
        await checkDialog(dialog);
        await checkContrast(dialog);
      }
      await dialog.openTab('Place');
      for (const kind of ['postgresql', 'sqlserver']) {
        await dialog.field('kind').selectOption(kind);
        await checkDialog(dialog);
      }
      const text = (await dialog.text()).replace(NAMES, '');
      assert.doesNotMatch(text, HAN);
      await dialog.cancel();
    });

    it('shows the help of every type as formatted text', async () => {
      for (const type of [
        'exchange-profile',
        'exchange-store',
        'booking-request',
        'booking-response',
        'billing-sync',
        'lab-register',
        'exam-register',
        'exchange-handover',
        'report-query',
        'report-file',
        'viewer-token',
        'dicom-peer',
        'dicom-station',
        'dicom-send',
        'dicom-retrieve',
        'dicom-receive',
        'hospital-database',
        'database-run',
        'database-poll',
        'exchange-alert',
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

/** Which of the fields can be seen, in their order. */
async function visible(dialog: Dialog, fields: readonly string[]): Promise<string[]> {
  const shown = await Promise.all(fields.map(name => dialog.field(name).isVisible()));
  return fields.filter((_name, index) => shown[index]);
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
