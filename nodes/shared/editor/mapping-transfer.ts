/** Takes a mapping out as CSV and in from a file or from what was copied in Excel. */
import { readMappingCsv, writeMappingCsv } from '../../../lib/mapping/mapping-csv';
import type { MappedTable } from '../../../lib/mapping/mapping-row';
import { decodeSheet } from '../../../lib/mapping/sheet';
import { inLanguage } from './language';
import type { MappingTable } from './mapping-table';
import type { EditorNode } from './red';

/** Adds the buttons to the table, and the panel that the import opens. */
export function prepareTransfer(node: EditorNode, tables: readonly MappedTable[], table: MappingTable): void {
  const panel = $('<div>', { class: 'exchange-mapping-import', hidden: true });
  const file = $('<input>', { type: 'file', accept: '.csv,.tsv,.txt', hidden: true });
  const pasted = $('<textarea>', { rows: 3, spellcheck: 'false' });
  const result = $('<div>', { class: 'exchange-result', 'aria-live': 'polite' });
  const take = (text: string): void => {
    const read = readMappingCsv(text, table.rows(), tables);
    table.setRows(read.rows);
    showResult(
      node,
      result,
      read.taken,
      read.refused.map(({ line, text: why }) =>
        node._('exchange.mapping.import.refused-line', { line, why: inLanguage(why) }),
      ),
    );
  };
  file.on('change', () => {
    const [chosen] = (file[0] as HTMLInputElement).files ?? [];
    // The same file can be chosen again after it was mended.
    void chosen?.arrayBuffer().then(bytes => take(decodeSheet(new Uint8Array(bytes))));
    file.val('');
  });
  pasted.attr({
    placeholder: node._('exchange.mapping.import.paste'),
    'aria-label': node._('exchange.mapping.import.paste'),
  });
  panel.append(
    pasted,
    $('<div>', { class: 'exchange-mapping-bar' }).append(
      button('fa-check', node._('exchange.mapping.import.take')).on('click', () =>
        take(String(pasted.val() ?? '')),
      ),
      button('fa-folder-open-o', node._('exchange.mapping.import.choose')).on('click', () =>
        file.trigger('click'),
      ),
    ),
    file,
    result,
  );
  table.addTools(
    [
      button('fa-upload', node._('exchange.mapping.import.open'))
        .attr('data-do', 'import')
        .on('click', () => panel.prop('hidden', !panel.prop('hidden'))),
      button('fa-download', node._('exchange.mapping.export'))
        .attr('data-do', 'export')
        .on('click', () => download(`${node.type}-mapping.csv`, writeMappingCsv(table.rows(), tables))),
    ],
    panel,
  );
}

const button = (icon: string, text: string): JQuery =>
  $('<button>', { type: 'button', class: 'red-ui-button' }).append(
    $('<i>', { class: `fa ${icon}` }),
    document.createTextNode(` ${text}`),
  );

function showResult(node: EditorNode, place: JQuery, taken: number, refused: readonly string[]): void {
  place.empty().append($('<div>').text(node._('exchange.mapping.import.taken', { count: taken })));
  if (refused.length === 0) return;
  place.append(
    $('<div>', { class: 'exchange-bad' }).text(
      node._('exchange.mapping.import.refused', { count: refused.length }),
    ),
    $('<ul>').append(...refused.map(text => $('<li>').text(text))),
  );
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = $('<a>', { href: address, download: name }).appendTo('body');
  link[0]?.click();
  link.remove();
  URL.revokeObjectURL(address);
}
