/** The message monitor in the real editor: what an operator sees and does, in both languages and themes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { ensureBuilt } from '../support/built-editor';
import { contrast } from '../support/contrast';
import { CHROMIUM, Editor, NodeRed } from '../support/editor';
import { labInput } from '../support/lab-report';
import { ReportPlatform, monitoredFlow } from '../support/monitored-flow';
import { needsPeer, works } from '../support/peer';
import { until } from '../support/until';

const PATIENT = ['测试甲', 'TESTP0001'];
const HAN = /\p{Script=Han}/u;
/** A catalogue key that was not found is shown as it is. */
const KEY = /\bexchange-monitor\.[a-z]+/;
/** Data of the flow and of its messages, in any language of the editor. */
const DATA = /测试医院|本机消息库|检验上传|结果/g;
const NARROW = 500;

const USERS = {
  admin: { password: 'admin-for-tests', permissions: '*' },
  operator: { password: 'operator-for-tests', permissions: ['read', 'exchange-monitor.write'] },
  reader: { password: 'reader-for-tests', permissions: 'read' },
  stranger: {
    password: 'stranger-for-tests',
    permissions: [
      'flows.read',
      'nodes.read',
      'plugins.read',
      'settings.read',
      'context.read',
      'library.read',
    ],
  },
};

/** The tab, as a user works with it. */
class Monitor {
  readonly editor: Editor;
  readonly root: Locator;
  readonly list: Locator;
  readonly pane: Locator;

  constructor(editor: Editor) {
    this.editor = editor;
    this.root = editor.page.locator('.exchange-monitor');
    this.list = this.root.locator('.exchange-monitor-list');
    this.pane = this.root.locator('.exchange-monitor-pane');
  }

  async show(width = NARROW): Promise<void> {
    await this.editor.evaluate(`RED.sidebar.show('exchange-monitor')`);
    await this.root.waitFor();
    await this.editor.evaluate(WIDEN(width));
    await this.editor.dismissNotices();
  }

  row(label: string): Locator {
    return this.list.locator('[role=option]', { hasText: label });
  }

  /** Waits until the list shows these numbers, and no others. */
  async shows(...labels: string[]): Promise<void> {
    const seen = async (): Promise<string[]> => this.list.locator('.exchange-monitor-key').allInnerTexts();
    let last: string[] = [];
    await until(`the list shows ${labels.join()}`, async () => {
      last = await seen();
      return JSON.stringify(last) === JSON.stringify(labels);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}, it shows ${last.join()}`);
    });
  }

  async open(label: string): Promise<void> {
    await this.row(label).first().click();
    await this.pane.locator('.exchange-monitor-title', { hasText: label }).waitFor();
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** Leaves what a test that failed has left open. */
  async toList(): Promise<void> {
    for (let tries = 0; tries < 4 && (await this.pane.isVisible()); tries++) {
      await this.editor.evaluate(
        `$('.exchange-monitor-pane .exchange-monitor-title button').first().trigger('click')`,
      );
      await this.editor.evaluate(`$('.red-ui-notification .primary').trigger('click')`);
    }
  }

  /** Answers the question that is asked. */
  async confirm(): Promise<void> {
    const dialog = this.editor.page.locator('.red-ui-notification', {
      has: this.editor.page.locator('.primary'),
    });
    await dialog.locator('.primary').click();
    await dialog.waitFor({ state: 'detached' });
  }

  /** The newest notification with that text. */
  async told(text: string): Promise<void> {
    await this.editor.page.locator('.red-ui-notification', { hasText: text }).first().waitFor();
  }
}

/** Makes the sidebar so wide, as dragging its edge does. */
const WIDEN = (width: number): string => `(() => {
  const sidebar = $('.exchange-monitor').closest('#red-ui-sidebar, .red-ui-sidebar');
  sidebar.width(${width});
  if (sidebar.is('#red-ui-sidebar')) {
    $('#red-ui-workspace').css('right', ${width + 7});
    $('#red-ui-sidebar-separator').css('right', ${width + 2});
  }
  // Of the two sections of a sidebar of Node-RED 5, the tab gets most of the height.
  sidebar.find('.red-ui-sidebar-section').has('.exchange-monitor').css('height', 660);
  RED.events.emit('sidebar:resize');
})()`;

const report = (changes: object): object => ({ ...labInput, ...changes });

describe('the message monitor in the editor', function () {
  this.timeout(90_000);
  const platform = new ReportPlatform();
  let nodeRed: NodeRed;
  let token: string;

  const post = async (changes: object): Promise<void> => {
    const answer = await fetch(`${nodeRed.url}hie/report`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(report(changes)),
    });
    assert.equal(answer.status, 202);
  };

  before(async function () {
    needsPeer(this, 'chromium', works(CHROMIUM, '--version'));
    ensureBuilt();
    await platform.start();
    nodeRed = await NodeRed.start(folder =>
      fs.writeFileSync(path.join(folder, 'test-users.json'), JSON.stringify(USERS)),
    );
    token = await nodeRed.login('admin', USERS.admin.password);
  });
  after(async () => {
    await nodeRed?.stop();
    await platform.stop();
  });

  describe('in Chinese', () => {
    let editor: Editor;
    let monitor: Monitor;
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'zh-CN', token });
      editor.page.setDefaultTimeout(10_000);
      monitor = new Monitor(editor);
      await monitor.show();
    });
    after(() => editor?.close());
    beforeEach(() => monitor.toList());
    afterEach(() => assert.deepEqual(editor.errors.splice(0), []));

    it('says what to do while there is no store, and while there are no messages', async () => {
      await monitor.root.getByText('运行中的流程没有消息库').waitFor();
      await editor.picture('monitor-empty');
      await nodeRed.deploy(monitoredFlow(platform.url), token);
      // The editor asks before it takes over flows that somebody else has deployed.
      await editor.reload();
      await monitor.show();
      await monitor.root.getByText('还没有消息').waitFor();
    });

    it('lists messages as they come, with state, node and reason', async () => {
      await post({ report_form_no: 'TESTR0001' });
      await monitor.shows('TESTR0001');
      await post({ report_form_no: 'TESTREFUSED1' });
      await post({ report_form_no: 'TESTR0003', event_no: '' });
      await monitor.shows('TESTR0003', 'TESTREFUSED1', 'TESTR0001');
      await monitor.row('TESTREFUSED1').getByText('已拒绝').waitFor();
      const text = await monitor.row('TESTR0003').innerText();
      assert.match(text, /不合规范/);
      assert.match(text, /报告注册/);
      assert.match(text, /检验上传/);
      assert.match(text, /主键，不能为空/);
      await editor.picture('monitor-list');
    });

    it('is filtered by state, and finds by number, by patient, by node and by error', async () => {
      const search = monitor.root.locator('.exchange-monitor-search');
      const state = (name: string): Locator =>
        monitor.root.locator('.exchange-monitor-states button', { hasText: name });
      assert.deepEqual(
        (await monitor.root.locator('.exchange-monitor-states button').allInnerTexts()).map(text =>
          text.replace(/\s+/g, ''),
        ),
        ['已接受1', '已拒绝1', '不合规范1'],
      );
      await state('已拒绝').click();
      await monitor.shows('TESTREFUSED1');
      await state('不合规范').click();
      await monitor.shows('TESTR0003', 'TESTREFUSED1');
      await monitor.button('清除搜索和筛选').click();
      await search.fill('TESTR0001');
      await monitor.shows('TESTR0001');
      await search.fill('TESTP0001');
      await monitor.shows('TESTR0003', 'TESTREFUSED1', 'TESTR0001');
      await search.fill('TESTR');
      await monitor.shows();
      await monitor.root.getByText('按整个号码查找').waitFor();
      await monitor.button('清除搜索和筛选').click();
      await monitor.button('筛选').click();
      await monitor.root.getByLabel('错误代码').fill('business');
      await monitor.root.getByLabel('错误代码').blur();
      await monitor.shows('TESTREFUSED1');
      await editor.picture('monitor-filters');
      await monitor.root.getByLabel('错误代码').fill('');
      await monitor.root.getByLabel('接收时间从').fill('2020-01-01T00:00:00');
      await monitor.root.getByLabel('到', { exact: true }).fill('2020-01-02T00:00:00');
      await monitor.root.getByLabel('到', { exact: true }).blur();
      await monitor.shows();
      await monitor.button('清除搜索和筛选').click();
      await monitor.root.getByLabel('节点', { exact: true }).selectOption({ label: '检验上传' });
      await monitor.shows('TESTR0003', 'TESTREFUSED1', 'TESTR0001');
      await monitor.button('清除搜索和筛选').click();
      await monitor.button('筛选').click();
    });

    it('asks for nothing while it is hidden, and is up to date when it comes back', async () => {
      let asked = 0;
      const count = (request: { url(): string }): void => {
        if (request.url().includes('/exchange-monitor/')) asked++;
      };
      await editor.evaluate(`RED.sidebar.show('info')`);
      await editor.page.waitForFunction(`!$('.exchange-monitor').is(':visible')`);
      editor.page.on('request', count);
      await post({ report_form_no: 'TESTR0004' });
      await editor.page.waitForFunction(`$('.red-ui-flow-node-status-label').text().length > 0`);
      await until('the platform has it', () => platform.received.some(text => text.includes('TESTR0004')));
      assert.equal(asked, 0);
      await monitor.show();
      await monitor.shows('TESTR0004', 'TESTR0003', 'TESTREFUSED1', 'TESTR0001');
      editor.page.off('request', count);
    });

    it('shows a message masked, and unmasked only when asked to, which is written down', async () => {
      await monitor.open('TESTREFUSED1');
      await editor.picture('monitor-detail');
      const shown = await monitor.pane.innerText();
      for (const value of PATIENT) assert.ok(!shown.includes(value), value);
      assert.match(shown, /病人 \*{3} 未登记/);
      assert.match(shown, /测\*\*/);
      await monitor.button('原文').click();
      await monitor.pane.getByText('<labmaster>').waitFor();
      await editor.picture('monitor-document');
      await monitor.button('显示原文').click();
      await monitor.confirm();
      await monitor.pane.getByText('未脱敏，查看已记入审计').waitFor();
      assert.match(await monitor.pane.innerText(), /测试甲/);
      await monitor.pane.getByText('查看原文').waitFor();
      assert.match(await monitor.pane.locator('.exchange-monitor-history').innerText(), /admin/);
      await monitor.button('恢复脱敏').click();
      await monitor.pane.getByText('个人信息已脱敏').waitFor();
      await monitor.button('返回列表').click();
    });

    it('mends a refused message field by field, and sends it', async () => {
      await monitor.open('TESTREFUSED1');
      await monitor.button('修改并重发').click();
      const form = monitor.root.locator('.exchange-monitor-form');
      await monitor.root.getByLabel('只显示有问题的字段').uncheck();
      const number = form
        .locator('.exchange-monitor-field', { hasText: 'report_form_no' })
        .first()
        .locator('input');
      await number.fill('');
      await editor.picture('monitor-edit');
      await monitor.button('检查并发送').click();
      await form.getByText(/还有 \d+ 处不符合规范，没有发送/).waitFor();
      await editor.picture('monitor-edit-faults');
      await number.fill('TESTR0002');
      await monitor.button('检查').click();
      await form.getByText('符合规范，可以发送').waitFor();
      await monitor.button('检查并发送').click();
      await monitor.told('修改后的消息已排队发送');
      await monitor.pane.locator('.exchange-monitor-title', { hasText: 'TESTR0002' }).waitFor();
      await monitor.pane.locator('.exchange-monitor-title', { hasText: '已接受' }).waitFor();
      const sent = platform.received.at(-1) ?? '';
      assert.match(sent, /TESTR0002/);
      assert.match(sent, /测试甲/, 'what was not changed is as it was');
      await monitor.button('返回列表').click();
    });

    it('mends one that breaks the agreement, where it says what is wrong', async () => {
      await monitor.open('TESTR0003');
      await monitor.pane.getByText('请在来源数据或字段映射中补上该值').first().waitFor();
      await editor.picture('monitor-invalid');
      await monitor.button('修改并重发').click();
      const faulty = monitor.root.locator('.exchange-monitor-field:visible', { hasText: 'event_no' });
      await faulty.first().locator('input').fill('TESTE0003');
      await monitor.button('检查并发送').click();
      await monitor.told('修改后的消息已排队发送');
      await monitor.pane.locator('.exchange-monitor-title', { hasText: '已接受' }).waitFor();
      await monitor.button('返回列表').click();
      await monitor.row('TESTR0003').getByText('已取消').waitFor();
    });

    it('asks before it gives typed changes up', async () => {
      await monitor.open('TESTREFUSED1');
      await monitor.button('修改并重发').click();
      await monitor.root.getByLabel('只显示有问题的字段').uncheck();
      await monitor.root.locator('.exchange-monitor-field input').first().fill('2030-01-01 00:00:00');
      await editor.page.keyboard.press('Escape');
      await monitor.confirm();
      await monitor.button('返回列表').click();
    });

    it('withdraws what waits, sends it again, and tries at once what waits', async () => {
      await platform.stop();
      await post({ report_form_no: 'TESTR0005' });
      await monitor.row('TESTR0005').getByText(/重试/).waitFor();
      await monitor.open('TESTR0005');
      await editor.picture('monitor-waiting');
      await monitor.button('取消').click();
      await monitor.confirm();
      await monitor.pane.locator('.exchange-monitor-title', { hasText: '已取消' }).waitFor();
      await monitor.button('重新发送').click();
      await monitor.confirm();
      await monitor.pane
        .getByText(/TRANSPORT_NOT_SENT/)
        .first()
        .waitFor();
      await monitor.button('返回列表').click();
      await monitor.button('按节点查看').click();
      const nodes = monitor.root.locator('.exchange-monitor-nodes');
      await nodes.getByText(/未完成 1/).waitFor();
      await editor.picture('monitor');
      await platform.start();
      await nodes.getByRole('button', { name: '立即发送' }).click();
      await monitor.confirm();
      await monitor.row('TESTR0005').getByText('已接受').waitFor();
      await monitor.button('按节点查看').click();
    });

    it('sends again all that failed, of what is listed', async () => {
      const before = platform.received.length;
      await monitor.root.locator('.exchange-monitor-search').fill('TESTREFUSED1');
      await monitor.shows('TESTREFUSED1');
      await monitor.button('更多操作').click();
      await monitor.button('重发全部未成功的消息').click();
      await editor.picture('monitor-confirm', 'question');
      await monitor.confirm();
      await monitor.told('已排队 1 条');
      await until('it was sent once more', () => platform.received.length === before + 1);
      await monitor.button('清除搜索和筛选').click();
    });

    it('exports the list, masked', async () => {
      for (const [name, start] of [
        ['导出 CSV', '\uFEFF接收时间,'],
        ['导出 JSON', '{"messages":['],
      ] as const) {
        const download = editor.page.waitForEvent('download');
        await monitor.button(name).click();
        const file = await (await download).path();
        const text = fs.readFileSync(file, 'utf8');
        assert.ok(text.startsWith(start), text.slice(0, 50));
        assert.ok(text.includes('TESTR0005') && text.includes('检验上传'));
        for (const value of PATIENT) assert.ok(!text.includes(value), value);
      }
      await monitor.button('更多操作').click();
    });

    it('goes from a message to its node, and from a node to its messages', async () => {
      await post({ report_form_no: 'TESTR0006' });
      await monitor.row('TESTR0006').waitFor();
      await monitor.open('TESTR0006');
      await monitor.button('在流程中显示该节点').click();
      await editor.page.waitForFunction(
        `RED.nodes.node('lab').highlighted === true || $('#lab').hasClass('red-ui-flow-node-highlighted')`,
      );
      await editor.evaluate(`RED.view.select({ nodes: [RED.nodes.node('lab')] })`);
      await editor.evaluate(`RED.sidebar.show('info')`);
      await editor.evaluate(`RED.actions.invoke('exchange-monitor:show-messages-of-node')`);
      await monitor.list.waitFor();
      assert.ok((await monitor.list.locator('[role=option]').count()) > 0);
      await monitor.button('筛选').click();
      assert.equal(await monitor.root.getByLabel('节点', { exact: true }).inputValue(), 'lab');
      await monitor.button('清除搜索和筛选').click();
      await monitor.button('筛选').click();
      await editor.evaluate(`RED.view.select({ nodes: [RED.nodes.node('in')] })`);
      await monitor.button('只看选中节点的消息').click();
      await monitor.told('请先在流程中选中一个发送消息的节点');
    });

    it('can be used with the keys alone', async () => {
      await monitor.list.locator('[role=listbox]').focus();
      const { page } = editor;
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      const second = await monitor.list.locator('.exchange-monitor-key').nth(1).innerText();
      await page.keyboard.press('Enter');
      await monitor.pane.locator('.exchange-monitor-title', { hasText: second }).waitFor();
      await page.keyboard.press('Escape');
      await monitor.list.locator('[role=listbox]:focus').waitFor();
    });

    it('lets nothing of a patient into the debug sidebar', async () => {
      await editor.evaluate(`RED.sidebar.show('debug')`);
      const debug = editor.page.locator('.red-ui-debug-msg');
      await debug.first().waitFor();
      for (const arrow of await editor.page.locator('.red-ui-debug-msg-expandable.collapsed').all())
        await arrow.click({ timeout: 1000 }).catch(() => undefined);
      const text = (await debug.allInnerTexts()).join('\n');
      assert.match(text, /exchange/);
      for (const value of PATIENT) assert.ok(!text.includes(value), value);
      await monitor.show();
    });

    for (const width of [400, 500]) {
      it(`fits ${width} px`, async () => {
        await monitor.show(width);
        for (const name of ['筛选', '按节点查看', '更多操作']) await monitor.button(name).click();
        assert.deepEqual(await overflowing(editor), []);
        await editor.picture(`monitor-all-${width}`);
        for (const name of ['筛选', '按节点查看', '更多操作']) await monitor.button(name).click();
        await monitor.open('TESTREFUSED1');
        assert.deepEqual(await overflowing(editor), []);
        assert.doesNotMatch(await monitor.root.innerText(), KEY);
        await monitor.button('修改并重发').click();
        await monitor.root.getByLabel('只显示有问题的字段').uncheck();
        assert.deepEqual(await overflowing(editor), []);
        await monitor.button('返回').first().click();
        await monitor.button('返回列表').click();
      });
    }

    it('says that Node-RED cannot be reached', async () => {
      await editor.page.context().setOffline(true);
      await monitor.button('更多操作').click();
      await monitor.button('导出 CSV').click();
      await monitor.told('连接不上 Node-RED');
      await editor.page.context().setOffline(false);
      await monitor.button('更多操作').click();
      editor.errors.splice(0);
    });

    it('lets choose among stores, and says why one cannot be used', async () => {
      const broken = { id: 'broken', type: 'exchange-store', name: '坏库', kind: 'embedded', keepAudit: '1' };
      await nodeRed.deploy(monitoredFlow(platform.url, [broken]), token);
      const stores = monitor.root.getByLabel('消息库', { exact: true });
      await stores.selectOption({ label: '坏库' });
      await monitor.root.getByText(/消息库设置 keepAudit/).waitFor();
      assert.equal(await monitor.list.locator('[role=option]').count(), 0);
      assert.equal(await monitor.root.locator('.exchange-monitor-states button').count(), 0);
      await editor.picture('monitor-broken-store');
      await stores.selectOption({ label: '本机消息库' });
      await monitor.row('TESTR0006').waitFor();
      await nodeRed.deploy(monitoredFlow(platform.url), token);
      await stores.waitFor({ state: 'hidden' });
    });
  });

  describe('in English, and dark where Node-RED can be', () => {
    let editor: Editor;
    let monitor: Monitor;
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'en-US', dark: true, token });
      monitor = new Monitor(editor);
      await monitor.show();
    });
    after(() => editor?.close());
    afterEach(() => assert.deepEqual(editor.errors.splice(0), []));

    const check = async (): Promise<void> => {
      const text = await monitor.root.innerText();
      assert.doesNotMatch(text, KEY);
      assert.deepEqual(await overflowing(editor), []);
      assert.deepEqual(await unreadable(editor), []);
    };

    it('lists in English, readable in the dark', async () => {
      await monitor.list.locator('[role=option]').first().waitFor();
      for (const name of ['filter', 'by node', 'more actions']) await monitor.button(name).click();
      await monitor.root.locator('.exchange-monitor-block').first().waitFor();
      await check();
      assert.doesNotMatch((await monitor.root.innerText()).replace(DATA, ''), HAN);
      await editor.picture('monitor-dark-list');
      for (const name of ['filter', 'by node', 'more actions']) await monitor.button(name).click();
    });

    it('shows a message in English, readable in the dark', async () => {
      await monitor.open('TESTREFUSED1');
      await check();
      await editor.picture('monitor-dark-detail');
      await monitor.button('edit and resend').click();
      await monitor.root.getByLabel('only fields with faults').uncheck();
      await check();
      await editor.picture('monitor-dark-edit');
    });
  });

  describe('for users with fewer rights', () => {
    const open = async (name: keyof typeof USERS): Promise<Monitor> => {
      const own = await nodeRed.login(name, USERS[name].password);
      const editor = await Editor.open(nodeRed.url, { locale: 'zh-CN', token: own });
      const monitor = new Monitor(editor);
      await monitor.show();
      return monitor;
    };

    it('shows a reader the messages masked, and lets nothing be done', async () => {
      const monitor = await open('reader');
      await monitor.open('TESTREFUSED1');
      for (const name of ['显示原文', '修改并重发', '重新发送', '取消'])
        assert.equal(await monitor.button(name).count(), 0, name);
      assert.deepEqual(monitor.editor.errors, []);
      await monitor.editor.close();
    });

    it('lets an operator mend a message without seeing the patient', async () => {
      const monitor = await open('operator');
      await monitor.open('TESTREFUSED1');
      assert.equal(await monitor.button('显示原文').count(), 0);
      await monitor.button('修改并重发').click();
      const shown = await monitor.root.locator('.exchange-monitor-form').innerHTML();
      for (const value of PATIENT) assert.ok(!shown.includes(value), value);
      await monitor.button('JSON').click();
      await monitor.root.getByText('JSON 方式须先「显示原文」').waitFor();
      assert.deepEqual(monitor.editor.errors, []);
      await monitor.editor.close();
    });

    it('tells a stranger which right is missing', async () => {
      const monitor = await open('stranger');
      await monitor.root.getByText('没有权限：需要 exchange-monitor.read').waitFor();
      await monitor.editor.picture('monitor-no-right');
      await monitor.editor.close();
    });
  });
});

/** What stands beyond the right edge of the tab, by tag and class. */
const overflowing = (editor: Editor): Promise<string[]> =>
  editor.page.locator('.exchange-monitor').evaluate(tab => {
    const edge = tab.getBoundingClientRect().right + 0.5;
    return [...tab.querySelectorAll('*')]
      .filter(element => element.getClientRects().length > 0 && element.getBoundingClientRect().right > edge)
      .filter(element => !element.closest('pre'))
      .map(element => `${element.tagName} ${element.className}`);
  });

/** Texts that do not stand out from what is painted behind them. */
async function unreadable(editor: Editor): Promise<object[]> {
  const texts = await editor.page.locator('.exchange-monitor').evaluate(tab =>
    [...tab.querySelectorAll('*')]
      .filter(
        element =>
          element.getClientRects().length > 0 &&
          !(element as HTMLButtonElement).disabled &&
          [...element.childNodes].some(node => node.nodeType === 3 && node.textContent?.trim()),
      )
      .map(element => {
        let painted: Element | null = element;
        while (painted && getComputedStyle(painted).backgroundColor.endsWith(', 0)'))
          painted = painted.parentElement;
        return {
          text: element.textContent ?? '',
          colour: getComputedStyle(element).color,
          background: painted ? getComputedStyle(painted).backgroundColor : 'rgb(255, 255, 255)',
        };
      }),
  );
  assert.ok(texts.length > 0);
  return texts.filter(({ colour, background }) => contrast(colour, background) < 3);
}
