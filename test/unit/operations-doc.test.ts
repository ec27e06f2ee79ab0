/** Every error that a user can meet is explained, in both languages. */
import assert from 'node:assert/strict';
import fs from 'node:fs';

/** The codes of {@link ErrorCode}, and what messages of the store can have besides. */
const codes = (): Set<string> => {
  const found = new Set(['PAUSED', 'NOT_TAKEN_OVER', 'SENDER_GONE', 'UNEXPECTED', 'UNCONFIRMED']);
  const source = fs.readFileSync('lib/errors.ts', 'utf8');
  const union = source.slice(source.indexOf('export type ErrorCode'));
  for (const [, code = ''] of union.matchAll(/^ {2}\| '([A-Z_]+)'/gm)) found.add(code);
  return found;
};

describe('troubleshooting by error code', () => {
  for (const file of ['docs/operations.md', 'docs/operations.zh-CN.md'])
    it(`${file} has every code once, with a cause and a remedy`, () => {
      const rows = fs
        .readFileSync(file, 'utf8')
        .split(/^## (?:By error code|按错误代码处理)$/m)
        .slice(1)
        .flatMap(section => section.split('\n'))
        .flatMap(line => {
          const [, code, ...cells] = /^\| `([A-Z_]+)` \|(.*)\|$/.exec(line) ?? [];
          return code ? [{ code, cells: (cells[0] ?? '').split('|').map(cell => cell.trim()) }] : [];
        });
      const known = codes();
      assert.ok(known.size > 25);
      for (const code of known)
        assert.equal(rows.filter(row => row.code === code).length, 1, `${code} in ${file}`);
      for (const { code, cells } of rows)
        assert.ok(cells.length === 3 && cells.every(cell => cell !== ''), `${code} in ${file}`);
    });
});
