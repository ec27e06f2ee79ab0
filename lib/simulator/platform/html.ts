/** What the simulator's pages are made of. */
import { escapeMarkup } from './text';

/** A table row; cells are text. */
export const row = (cells: readonly string[], tag = 'td'): string =>
  `<tr>${cells.map(cell => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join('')}</tr>`;

/** A page of the simulator; `body` is HTML. */
export const page = (title: string, body: string): string =>
  `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>${escapeMarkup(title)} - 平台模拟器</title>` +
  '<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3em .6em;text-align:left}</style>' +
  `</head><body><h1>${escapeMarkup(title)}</h1><p>平台模拟器，仅供测试。</p>${body}</body></html>`;
