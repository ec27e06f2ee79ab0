/** How data are masked, kept and audited. */
import type { Text } from '../errors';
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
      Object.entries(messages)
        .map(([state, count]) => `${STATES[state] ?? state} ${count}`)
        .join('，') || '—',
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

const STATES: Readonly<Record<string, string>> = {
  pending: '等待',
  inflight: '发送中',
  'in-doubt': '待核实',
  accepted: '已接收',
  refused: '被拒绝',
  unconfirmed: '未确认',
  dead: '已放弃',
  cancelled: '已撤销',
  invalid: '数据有误',
};
