/** The message store on a real PostgreSQL server. */
import { openStore } from '../../lib/store/open-store';
import { needsPeer } from '../support/peer';
import { Postgresql, findPostgresql } from '../support/postgresql';
import { storeConformance } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

describe('message store in PostgreSQL', () => {
  let server: Postgresql;
  before(async function () {
    this.timeout(60_000);
    needsPeer(this, 'PostgreSQL', findPostgresql() !== undefined);
    server = await Postgresql.start();
  });
  after(() => server?.close());

  for (const place of ['caller', 'thread'] as const) {
    describe(`in its ${place}`, () => {
      storeConformance(async () => {
        const clock = new TestClock();
        const store = await openStore(server.settings({ clock: 'caller' }), { clock, in: place });
        return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
      });
    });
  }
});
