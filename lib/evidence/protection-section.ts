/** How data are masked, kept and audited. */
import type { Text } from '../errors';
import { type MessageState, messageStates } from '../store/message';
import type { Evidence } from './evidence';
import { type Content, type Markup, html } from './markup';
import { both, heading, tableOf } from './parts';

export function protectionSection({ protection, messages }: Evidence): Markup {
  const { masking, audit, keepAuditDays, keepContentDays } = protection;
  const rows: [Text, Content][] = [
    [
      { zh: '脱敏', en: 'masking' },
      both(
        masking
          ? { zh: '界面、日志、错误文字和调试输出均已脱敏', en: 'on: editor, log, errors and debug output' }
          : { zh: '调试输出的脱敏已关闭', en: 'off for debug output' },
      ),
    ],
    [
      { zh: '审计链', en: 'audit chain' },
      audit
        ? both(
            audit.brokenAt === null
              ? { zh: `完整，已逐条校验 ${audit.records} 条`, en: `whole: ${audit.records} records verified` }
              : { zh: `在第 ${audit.brokenAt} 条处被改动`, en: `changed at record ${audit.brokenAt}` },
          )
        : '—',
    ],
    [
      { zh: '存储加密', en: 'at rest' },
      audit ? both({ zh: '消息内容以 AES-256-GCM 加密', en: 'contents are sealed by AES-256-GCM' }) : '—',
    ],
    [
      { zh: '保存天数', en: 'days kept' },
      keepAuditDays === null
        ? '—'
        : both({
            zh: `审计 ${keepAuditDays} 天，消息内容 ${keepContentDays ?? '—'} 天`,
            en: `audit ${keepAuditDays}, contents ${keepContentDays ?? '—'}`,
          }),
    ],
    [
      { zh: '消息库现状', en: 'messages now' },
      messageStates.flatMap(state => {
        const count = messages[state] ?? 0;
        return count > 0 ? [html`<div>${both(STATES[state])} ${count}</div>`] : [];
      }),
    ],
  ];
  return html`${heading('安全与审计', 'protection and audit')}
  ${tableOf(
    [],
    rows.map(
      ([name, value]) =>
        html`<tr>
          <td>${both(name)}</td>
          <td>${value}</td>
        </tr>`,
    ),
  )}`;
}

const STATES: Readonly<Record<MessageState, Text>> = {
  pending: { zh: '等待', en: 'pending' },
  inflight: { zh: '发送中', en: 'being sent' },
  'in-doubt': { zh: '待核实', en: 'in doubt' },
  accepted: { zh: '已接收', en: 'accepted' },
  refused: { zh: '被拒绝', en: 'refused' },
  unconfirmed: { zh: '未确认', en: 'unconfirmed' },
  dead: { zh: '已放弃', en: 'given up' },
  cancelled: { zh: '已撤销', en: 'cancelled' },
  invalid: { zh: '数据有误', en: 'invalid' },
};
