import type { Node, NodeAPI, NodeDef } from 'node-red';
import { endHandover, handoverOf } from '../shared/handover';
import { onInput } from '../shared/input';
import { statusOf } from '../shared/status';
import type { HandoverProps } from './exchange-handover.props';

export default function register(RED: NodeAPI): void {
  function ExchangeHandover(this: Node, def: NodeDef & HandoverProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    onInput(this, async msg => {
      const handover = handoverOf(RED, msg);
      await endHandover(handover);
      status(handover ? 'good' : 'warn', handover ? 'handed-over' : 'no-handover');
    });
  }
  RED.nodes.registerType('exchange-handover', ExchangeHandover);
}
