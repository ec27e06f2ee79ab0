/** The monitor knows every node of this package that it has to know. */
import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { maskDebug } from '../../plugins/exchange-monitor/mask-debug';
import { builtNodes, ensureBuilt } from '../support/built-editor';

type Hook = (delivery: object) => void;

ensureBuilt();

describe('the monitor', () => {
  const definitions = builtNodes().map(node => ({ type: node.type, definition: node.definition() }));
  const types = (wanted: (definition: (typeof definitions)[number]['definition']) => boolean): string[] =>
    definitions.filter(({ definition }) => wanted(definition)).map(({ type }) => type);

  it('masks what a debug node gets of any node that sends messages', () => {
    const hooks: Hook[] = [];
    maskDebug({
      settings: {},
      hooks: { add: (_name: string, hook: Hook) => void hooks.push(hook) },
    } as unknown as NodeAPI);
    const shown = (type: string): string => {
      const delivery = {
        msg: { _msgid: '1', payload: '测试甲' },
        source: { node: { type } },
        destination: { node: { type: 'debug' } },
      };
      for (const hook of hooks) hook(delivery);
      return delivery.msg.payload;
    };
    // An alert is made to be read, and holds nothing of a patient.
    const sending = types(({ outputs = 0 }) => outputs > 0).filter(type => type !== 'exchange-alert');
    assert.ok(sending.length > 10);
    assert.deepEqual(
      sending.filter(type => shown(type).includes('测试甲')),
      [],
    );
    assert.equal(shown('inject'), '测试甲');
  });

  it('goes from a node to its messages where the node keeps them in a store', () => {
    // By the property that exchange-monitor.editor.ts looks for.
    assert.deepEqual(types(({ defaults }) => 'handover' in defaults).toSorted(), [
      'billing-sync',
      'database-poll',
      'dicom-receive',
      'dicom-retrieve',
      'dicom-send',
      'exam-register',
      'lab-register',
    ]);
  });
});
