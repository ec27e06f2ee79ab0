/** The version of this package, from its package.json: found from the sources and from what is built of them. */
import fs from 'node:fs';
import path from 'node:path';

export function packageVersion(from = __dirname): string {
  const file = path.join(from, 'package.json');
  if (fs.existsSync(file)) {
    const { version } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version?: unknown };
    if (typeof version === 'string') return version;
  }
  const above = path.dirname(from);
  return above === from ? '' : packageVersion(above);
}
