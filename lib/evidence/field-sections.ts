/** How the fields are filled, and which codes have no entry. */
import { shareBar } from './charts';
import type { Evidence } from './evidence';
import type { FieldFigures, TableFigures, UnmappedCode } from './field-conformance';
import { type Content, type Markup, html } from './markup';
import { both, heading, percent, tableOf, th } from './parts';

const MOST_CODES_SHOWN = 200;
const YES = { zh: '是', en: 'yes' };

export function fieldSections({ fields, unmapped }: Evidence): Content {
  return html`${heading('字段符合性', 'fields of the records that were delivered')}
    <p>
      抽查 ${fields.looked} 条已送达的消息${fields.more && '（每项服务只看最新的一部分）'}。
      <span class="en"
        >${fields.looked} delivered messages were looked
        at${fields.more && ', the newest of each service'}.</span
      >
    </p>
    ${fields.tables.map(tableSection)} ${heading('未对照的代码', 'codes without an entry')}
    ${tableOf(
      [th('代码表', 'code table'), th('代码', 'code'), th('次数', 'count', 'n'), th('说明', 'remark')],
      unmapped.slice(0, MOST_CODES_SHOWN).map(codeRow),
    )}
    ${unmapped.length > MOST_CODES_SHOWN && html`<p>另有 ${unmapped.length - MOST_CODES_SHOWN} 个，见 JSON 文件 <span class="en">more in the JSON file</span></p>`}`;
}

/** Fields that are never filled and need not be are left out: they say nothing. */
function tableSection({ section, zh, records, fields }: TableFigures): Markup {
  const shown = fields.filter(({ required, filled }) => required || filled > 0);
  return html`<h3>
      ${section} ${zh}<span class="en"
        >${records} records, ${shown.length} of ${fields.length} fields used</span
      >
    </h3>
    ${tableOf(
      [
        th('字段', 'field'),
        th('名称', 'Chinese name'),
        th('必填', 'required'),
        th('填充率', 'filled'),
        th('格式错误', 'format', 'n'),
        th('超长', 'length', 'n'),
        th('其他', 'other', 'n'),
      ],
      shown.map(field => fieldRow(field, records)),
    )}`;
}

const fieldRow = (
  { name, zh, required, filled, format, length, other }: FieldFigures,
  records: number,
): Markup =>
  html`<tr>
    <td>${name}</td>
    <td>${zh}</td>
    <td>${required && both(YES)}</td>
    <td>${percent(filled, records)}${shareBar(filled / records)}</td>
    <td class="n">${format || ''}</td>
    <td class="n">${length || ''}</td>
    <td class="n">${other || ''}</td>
  </tr>`;

const codeRow = ({ table, code, count, loaded }: UnmappedCode): Markup =>
  html`<tr>
    <td>${table}</td>
    <td>${code}</td>
    <td class="n">${count}</td>
    <td>
      ${loaded ? '代码表中没有该代码' : '未加载该代码表'}
      <span class="en">${loaded ? 'not in the table' : 'the table is not loaded'}</span>
    </td>
  </tr>`;
