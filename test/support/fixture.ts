import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve('test/fixtures');

/** Text of a sample as the city printed it, misprints included, with synthetic values. */
export const citySample = (name: string): string => fs.readFileSync(path.join(root, 'city', name), 'utf8');

/** Text of a sample of the agreement, with synthetic values. */
export const fixture = (name: string): string => fs.readFileSync(path.join(root, 'agreement', name), 'utf8');
