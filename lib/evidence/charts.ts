/** Charts as SVG, without a script: they are printed as they are seen. */
import { type Content, type Markup, html } from './markup';

/** A bar of a share, for a cell of a table. */
export const shareBar = (share: number, kind: 'good' | 'plain' = 'plain'): Markup => {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return html`<span class="bar ${kind}"><span style="width:${percent}%"></span></span>`;
};

export interface Column {
  readonly label: string;
  readonly answered: number;
  readonly failed: number;
}

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 48;
const BOTTOM = 22;
const MOST_LABELS = 12;

/** Columns of two parts, one on the other, over the days of a time. */
export function dayColumns(columns: readonly Column[]): Markup {
  const top = niceTop(Math.max(1, ...columns.map(({ answered, failed }) => answered + failed)));
  const step = (WIDTH - LEFT) / Math.max(1, columns.length);
  const width = Math.max(1, Math.min(36, step * 0.7));
  const height = (value: number): number => (value / top) * (HEIGHT - BOTTOM - 8);
  const every = Math.ceil(columns.length / MOST_LABELS);
  const bars = columns.map(({ label, answered, failed }, at): Content => {
    const x = round(LEFT + at * step + (step - width) / 2);
    const base = HEIGHT - BOTTOM;
    const [high, low] = [round(height(answered)), round(height(failed))];
    return html`<g
      ><title>${label}：${answered} / ${failed}</title>
      <rect class="answered" x="${x}" y="${round(base - high)}" width="${round(width)}" height="${high}" />
      <rect class="failed" x="${x}" y="${round(base - high - low)}" width="${round(width)}" height="${low}" />
      ${at % every === 0 && html`<text x="${round(x + width / 2)}" y="${HEIGHT - 6}" text-anchor="middle">${label}</text>`}</g
    >`;
  });
  const lines = [0, 0.5, 1].map((share): Content => {
    const y = round(HEIGHT - BOTTOM - height(top * share));
    return html`<line x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}" /><text
        x="${LEFT - 6}"
        y="${y + 4}"
        text-anchor="end"
        >${top * share}</text
      >`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="每日调用量 | calls a day">
    ${lines}${bars}
  </svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** 1, 2 or 5 times a power of ten, even, and not below the value. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find(one => one * power >= value) ?? 10;
  return Math.max(2, factor * power);
}
