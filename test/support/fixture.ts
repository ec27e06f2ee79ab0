import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..', 'fixtures');

/** Text of a sample of the agreement, with synthetic values. */
export const fixture = (name: string): string => fs.readFileSync(path.join(root, 'agreement', name), 'utf8');
