import type { Node, NodeAPI, NodeDef } from 'node-red';
import { refusal, writeAnswer } from '../../lib/booking/answer';
import { answerCall, waitingCall } from '../../lib/booking/booking-desk';
import { ExchangeError } from '../../lib/errors';
import { onInput } from '../shared/input';
import { valueOf, wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import type { BookingResponseProps } from './booking-response.props';

/** What the platform is told when the flow failed: the flow's own error may hold patient data. */
const FLOW_FAILED = '医院内部处理失败，请稍后重试';

export default function register(RED: NodeAPI): void {
  function BookingResponse(this: Node, def: NodeDef & BookingResponseProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const options = {
      maxItems: wholeNumber(def.maxItems, 1000),
      receiptDateStyle: def.receiptDateStyle === 'slash' ? ('slash' as const) : ('table' as const),
      mergePdf: def.mergePdf,
    };
    onInput(this, async (msg, send) => {
      const id = (msg['booking'] as { id?: string } | undefined)?.id ?? '';
      const call = waitingCall(id);
      if (!call) {
        status('warn', 'no-request');
        throw noRequest();
      }
      try {
        const failed = reasonOf(msg['error']);
        const given =
          failed ?? (await valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg));
        const answer = failed ? refusal(failed) : await writeAnswer(call.service, given, options);
        answerCall(id, answer);
        status(answer.success ? 'good' : 'warn', answer.success ? 'answered' : 'refused');
        msg['exchange'] = {
          id,
          service: call.service,
          outcome: answer.success ? 'accepted' : 'refused',
          items: answer.items,
          startedAt: call.receivedAt.toISOString(),
          durationMs: Date.now() - call.receivedAt.getTime(),
        };
        send(msg);
      } catch (error) {
        // The caller must not wait for an answer that will not come.
        answerCall(id, refusal(FLOW_FAILED));
        status('bad', 'failed');
        throw error;
      }
    });
  }
  RED.nodes.registerType('booking-response', BookingResponse);
}

/** `msg.error` as text is the flow's own reason; as an object it comes from a Catch node. */
function reasonOf(error: unknown): string | undefined {
  if (error === undefined || error === null || error === '') return undefined;
  return typeof error === 'string' ? error : FLOW_FAILED;
}

const noRequest = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '没有等待应答的预约请求：消息不是来自“预约请求”节点、已经应答过，或在重新部署前收到',
      en: 'no booking request waits for this message: not from booking-request, answered already, or from before a redeploy',
    },
  });
