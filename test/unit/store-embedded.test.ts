import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openStore } from '../../lib/store/open-store';
import { storeConformance } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

describe('embedded message store', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  for (const place of ['caller', 'thread'] as const) {
    describe(`in its ${place}`, () => {
      storeConformance(async () => {
        const clock = new TestClock();
        const store = await openStore(
          { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
          { clock, in: place },
        );
        return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
      });
    });
  }
});
