/** The dialogs of the DICOM nodes in the real editor. */
import assert from 'node:assert/strict';
import { ImageArchive } from '../../lib/simulator/platform/image-archive';
import { ensureBuilt } from '../support/built-editor';
import { contrast } from '../support/contrast';
import { demoFlow } from '../support/demo-flow';
import { CHROMIUM, type Dialog, Editor, NodeRed } from '../support/editor';
import { needsPeer, works } from '../support/peer';

const NARROW = 500;
/** A catalogue key that was not found is shown as it is. */
const KEY = /\b(?:exchange|dicom-[a-z]+)\.[a-z]+[a-zA-Z.-]*\b/;
/** Data of the flow, in any language of the editor. */
const NAMES = /测试医院|本机消息库/g;
const HAN = /\p{Script=Han}/u;
const SEND = ['peer', 'directory', 'template', 'organization', 'efilmNewUids', 'commitment', 'store'];
const RETRIEVE = ['station', 'level', 'folder', 'timeout', 'delivery', 'handover', 'store'];

describe('the dialogs of the DICOM nodes', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async function () {
    needsPeer(this, 'chromium', works(CHROMIUM, '--version'));
    ensureBuilt();
    nodeRed = await NodeRed.start();
    await nodeRed.deploy(demoFlow);
  });
  after(() => nodeRed?.stop());
  afterEach(async () => {
    await editor.closeDialogs();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  describe('in Chinese', () => {
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'zh-CN' });
    });
    after(() => editor?.close());

    const faultsOf = (id: string): Promise<string[]> =>
      editor.evaluate<string[]>(`RED.nodes.node('${id}').validationErrors ?? []`);

    /** Sets values in a dialog, presses Done and gives what the editor finds wrong. */
    async function faults(id: string, values: Record<string, string>): Promise<string[]> {
      const isConfig = id === 'peer' || id === 'station';
      const dialog = isConfig ? await editor.openConfigDialog(id) : await editor.openDialog(id);
      for (const [name, value] of Object.entries(values)) {
        const field = dialog.field(name);
        if (await field.evaluate(element => element.tagName === 'SELECT')) await field.selectOption(value);
        else await field.fill(value);
      }
      await dialog.done();
      return faultsOf(id);
    }

    it('show of the sending of images only what its target needs', async () => {
      const dialog = await editor.openDialog('images');
      assert.deepEqual(await visible(dialog, SEND), ['peer', 'commitment', 'store']);
      await checkDialog(dialog);
      await editor.picture('dicom-send');
      await dialog.field('efilm').check();
      assert.deepEqual(await visible(dialog, SEND), ['peer', 'efilmNewUids', 'commitment', 'store']);
      await dialog.field('target').selectOption('share');
      assert.deepEqual(
        await visible(dialog, SEND),
        SEND.filter(name => name !== 'peer' && name !== 'commitment'),
      );
      await dialog.field('delivery').selectOption('direct');
      assert.equal(await dialog.field('store').isVisible(), false);
      await checkDialog(dialog);
      await editor.picture('dicom-send-share');
      await dialog.cancel();
    });

    it('give progress an output of its own, and take it away again', async () => {
      const outputs = async (progress: boolean): Promise<unknown> => {
        const dialog = await editor.openDialog('images');
        await dialog.field('progress').setChecked(progress);
        await dialog.done();
        return editor.evaluate(
          `(n => [n.outputs, [...Array(n.outputs).keys()].map(i => n._def.outputLabels.call(n, i))])(RED.nodes.node('images'))`,
        );
      };
      assert.deepEqual(await outputs(true), [3, ['全部接收', '未全部接收', '进度']]);
      await editor.deploy();
      const stored = (await nodeRed.flows()).find(({ id }) => id === 'images');
      assert.equal(stored?.['outputs'], 3);
      assert.equal((stored?.['wires'] as unknown[] | undefined)?.length, 3);
      assert.deepEqual(await outputs(false), [2, ['全部接收', '未全部接收']]);
    });

    it('say in Chinese what is wrong with the sending of images', async () => {
      const share = { target: 'share', directory: '/mnt/images' };
      const template = '路径模板: ';
      assert.deepEqual(await faults('images', { ...share, directory: '', template: '{sopuid}.dcm' }), [
        '共享目录: 不能为空',
      ]);
      assert.deepEqual(await faults('images', { ...share, template: '{hospital}/{sopuid}.dcm' }), [
        `${template}没有占位符 {hospital}`,
      ]);
      assert.deepEqual(await faults('images', { ...share, template: '{studyuid}.dcm' }), [
        `${template}须包含 {sopuid}，否则影像会互相覆盖`,
      ]);
      assert.deepEqual(await faults('images', { ...share, template: '../{sopuid}.dcm' }), [
        `${template}请填相对路径，不含 < > : " | ? * ~，各级名称不以点或空格开头、结尾`,
      ]);
      const good = { template: '{org}/{modality}/{sopuid}.dcm', organization: '000000T0001' };
      assert.deepEqual(await faults('images', { ...share, ...good, organization: '' }), [
        '机构编码: 路径模板用到 {org}，不能为空',
      ]);
      assert.deepEqual(await faults('images', { ...share, ...good }), []);
      assert.deepEqual(await faults('images', { target: 'storage', peer: '_ADD_', store: '_ADD_' }), [
        '消息库: 请选择或新建一个',
        '远端 AE: 请选择或新建一个',
      ]);
      assert.deepEqual(await faults('images', { peer: 'peer', store: 'store' }), []);
    });

    it('select the only peer, station and message store for nodes that are dragged in', async () => {
      for (const [type, names] of [
        ['dicom-send', ['peer', 'store']],
        ['dicom-retrieve', ['peer', 'store']],
        ['dicom-receive', ['station', 'store']],
      ] as const) {
        const id = await editor.drag(type);
        const found = await editor.evaluate(
          `(n => [${names.map(name => `n.${name}`).join()}, n.valid])(RED.nodes.node('${id}'))`,
        );
        assert.deepEqual(found, [...names, true], type);
        await editor.evaluate(`RED.nodes.remove('${id}')`);
      }
    });

    it('show of a retrieval only what its method needs', async () => {
      const dialog = await editor.openDialog('study');
      assert.deepEqual(
        await visible(dialog, RETRIEVE),
        RETRIEVE.filter(name => name !== 'station' && name !== 'level'),
      );
      await checkDialog(dialog);
      await editor.picture('dicom-retrieve');
      await dialog.field('method').selectOption('move');
      assert.deepEqual(
        await visible(dialog, RETRIEVE),
        RETRIEVE.filter(name => name !== 'level' && name !== 'folder'),
      );
      assert.equal(await dialog.field('station').inputValue(), 'station', 'the only one is selected');
      await checkDialog(dialog);
      await dialog.field('method').selectOption('find');
      assert.deepEqual(await visible(dialog, RETRIEVE), ['level']);
      await checkDialog(dialog);
      await dialog.field('method').selectOption('get');
      assert.deepEqual(
        await visible(dialog, RETRIEVE),
        RETRIEVE.filter(name => name !== 'station' && name !== 'level'),
        'what belongs to the delivery comes back',
      );
      await dialog.cancel();
    });

    it('ask for a station only for C-MOVE', async () => {
      assert.deepEqual(await faults('study', { method: 'move', station: '_ADD_' }), [
        '本机 AE: 请选择或新建一个',
      ]);
      assert.deepEqual(await faults('study', { method: 'get' }), []);
    });

    it('show the receiving of images whole', async () => {
      const dialog = await editor.openDialog('incoming');
      await checkDialog(dialog);
      await editor.picture('dicom-receive');
      await dialog.cancel();
    });

    it('say in Chinese what is wrong with a peer and a station', async () => {
      assert.deepEqual(
        await faults('peer', { aeTitle: 'TOO-LONG-FOR-AN-AE', host: 'pacs:104', port: '0', maxPdu: '100' }),
        [
          'AE 标题: 请填 1 到 16 个字母、数字或符号，不含反斜杠和中文，或 ${环境变量}',
          '主机: 请填主机名或 IP 地址，不带端口和实例名，或 ${环境变量}',
          '端口: 请填 1 到 65535 之间的整数，或 ${环境变量}',
          'PDU 上限（字节）: 请填 0，或 4096 到 16777216 之间的整数，或 ${环境变量}',
        ],
      );
      assert.deepEqual(await faultsOf('images'), ['远端 AE: 所选的有错误，请打开修改']);
      assert.deepEqual(
        await faults('peer', {
          aeTitle: '${PACS_AE}',
          host: '${PACS_HOST}',
          port: '${PACS_PORT}',
          maxPdu: '0',
        }),
        [],
      );
      assert.deepEqual(
        await faults('peer', { aeTitle: 'ARCHIVE', host: '127.0.0.1', port: '11104', maxPdu: '131072' }),
        [],
      );
      assert.deepEqual(
        await faults('station', { aeTitle: 'A\\B', folder: '', allowedAeTitles: 'CT1, 影像', keepDays: '' }),
        [
          'AE 标题: 请填 1 到 16 个字母、数字或符号，不含反斜杠和中文，或 ${环境变量}',
          '文件夹: 不能为空',
          '允许的 AE: 请填 1 到 16 个字母、数字或符号，不含反斜杠和中文，或 ${环境变量}',
          '保留（天）: 请填 0 到 36500 之间的整数，或 ${环境变量}',
        ],
      );
      const good = { aeTitle: '', folder: 'dicom-incoming', allowedAeTitles: 'CT1，PACS', keepDays: '30' };
      assert.deepEqual(await faults('station', good), []);
    });

    it('test a peer by C-ECHO, with the values as they stand in the dialog', async () => {
      const archive = new ImageArchive({ aeTitle: 'OTHER', port: 0 });
      await archive.start();
      const dialog = await editor.openConfigDialog('peer');
      const place = dialog.tray.locator('#dicom-peer-echo-result');
      const result = async (aeTitle: string, port: number): Promise<string> => {
        await dialog.field('aeTitle').fill(aeTitle);
        await dialog.field('port').fill(String(port));
        await dialog.tray.locator('#dicom-peer-echo').click();
        await place.locator('.fa-check-circle, .fa-exclamation-circle').waitFor();
        assert.match(await place.innerText(), HAN);
        return (await place.getAttribute('class')) ?? '';
      };
      assert.match(await result('OTHER', archive.port), /good/, await place.innerText());
      await checkDialog(dialog);
      await editor.picture('dicom-peer');
      assert.equal(archive.counts().echoes, 1);
      assert.match(await result('WRONG', archive.port), /bad/);
      const { port } = archive;
      await archive.stop();
      assert.match(await result('OTHER', port), /bad/);
      await editor.picture('dicom-peer-bad');
      assert.match(await result('', port), /bad/);
      assert.match(await place.innerText(), /请先填写 AE 标题和主机/);
      await dialog.cancel();
    });

    it('show the station whole', async () => {
      const dialog = await editor.openConfigDialog('station');
      await checkDialog(dialog);
      await editor.picture('dicom-station');
      await dialog.cancel();
    });
  });

  describe('in English, and dark where Node-RED can be', () => {
    before(async () => {
      editor = await Editor.open(nodeRed.url, { locale: 'en-US', dark: true });
    });
    after(() => editor?.close());

    for (const id of ['peer', 'station']) {
      it(`have no Chinese for ${id}, and are readable`, async () => {
        const dialog = await editor.openConfigDialog(id);
        await checkEnglish(dialog);
        await editor.picture(`dicom-${id}-dark`);
        await dialog.cancel();
      });
    }

    it('have no Chinese for other targets and methods, and are readable', async () => {
      const send = await editor.openDialog('images');
      await editor.picture('dicom-send-dark');
      await send.field('target').selectOption('share');
      await send.field('efilm').check();
      await checkEnglish(send);
      await send.cancel();
      const retrieve = await editor.openDialog('study');
      for (const method of ['move', 'find']) {
        await retrieve.field('method').selectOption(method);
        await checkEnglish(retrieve);
      }
      await retrieve.cancel();
    });
  });
});

/** Reads well, holds no key, and fits its width. */
async function checkDialog(dialog: Dialog): Promise<void> {
  await dialog.resize(NARROW);
  assert.deepEqual(await dialog.overflowing(), []);
  assert.doesNotMatch(await dialog.text(), KEY);
}

async function checkEnglish(dialog: Dialog): Promise<void> {
  await checkDialog(dialog);
  assert.doesNotMatch((await dialog.text()).replace(NAMES, ''), HAN);
  const texts = await dialog.colours('label, .exchange-hint, h4, input, select');
  assert.ok(texts.length > 0);
  assert.deepEqual(
    texts.filter(({ colour, background }) => contrast(colour, background) < 3),
    [],
  );
}

/** Which of the fields can be seen, in their order. */
async function visible(dialog: Dialog, fields: readonly string[]): Promise<string[]> {
  const shown = await Promise.all(fields.map(name => dialog.field(name).isVisible()));
  return fields.filter((_name, index) => shown[index]);
}
