/** An embedded store moves into PostgreSQL. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../../lib/store/command';
import type { MessageStore } from '../../lib/store/message-store';
import { migrate } from '../../lib/store/migrate';
import { openStore } from '../../lib/store/open-store';
import type { EmbeddedSettings, PostgresqlSettings } from '../../lib/store/settings';
import { verifyAudit } from '../../lib/store/verify-audit';
import { needsPeer } from '../support/peer';
import { Postgresql, findPostgresql } from '../support/postgresql';
import { LEASE_MS, OWNER, done, newMessage } from '../support/store-conformance';

describe('moving an embedded store into a shared one', function () {
  this.timeout(60_000);
  let server: Postgresql;
  let folder: string;
  let from: EmbeddedSettings;
  let to: PostgresqlSettings;

  before(async function () {
    needsPeer(this, 'postgresql', findPostgresql() !== undefined);
    server = await Postgresql.start();
  });
  after(() => server?.stop());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migrate-'));
    from = { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' };
    to = server.settings();
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const openAll = (settings: EmbeddedSettings | PostgresqlSettings): Promise<MessageStore> =>
    openStore(settings, { in: 'caller' });
  const claim = async (store: MessageStore, limit = 10): Promise<string[]> =>
    (await store.claim({ channel: 'node', limit, owner: OWNER, leaseMs: LEASE_MS })).messages.map(
      ({ id }) => id,
    );

  it('takes everything along: order, contents, search, outcomes, audit chain; and closes the old one', async () => {
    const store = await openAll(from);
    const [first, second] = [
      newMessage({ key: 'a', terms: { report: 'TESTR0001' } }),
      newMessage({ key: 'a' }),
    ];
    const finished = newMessage();
    await store.accept({ messages: [finished] });
    await claim(store);
    await store.settle({ owner: OWNER, settlements: [done(finished.id, 'accepted', { repeatAt: 1 })] });
    await store.accept({ messages: [first, second] });
    await store.accept({
      messages: Array.from({ length: 450 }, (_, n) => newMessage({ channel: `other ${n % 3}` })),
    });
    const tallies = await store.tallies({});
    await store.close();

    const moved = await migrate(from, to);
    assert.deepEqual(moved, { messages: 453, auditRecords: 1 });

    const shared = await openAll(to);
    const sorted = (list: typeof tallies): string[] => list.map(tally => JSON.stringify(tally)).toSorted();
    assert.deepEqual(sorted(await shared.tallies({})), sorted(tallies));
    assert.deepEqual(await claim(shared), [first.id]);
    assert.equal((await shared.read({ id: second.id, actor: 'test' }))?.content, second.content);
    const found = await shared.search({ terms: { report: 'TESTR0001' }, limit: 5 });
    assert.deepEqual(
      found.map(({ id }) => id),
      [first.id],
    );
    const { outcomes } = await shared.outcomes({ channel: 'node', limit: 5, repeatMs: 1000 });
    assert.deepEqual(
      outcomes.map(({ id }) => id),
      [finished.id],
    );
    assert.equal((await verifyAudit(shared)).brokenAt, null);
    await shared.close();
    await assert.rejects(openAll(from), /已迁移到/);
  });

  it('does not move into a store that is in use, nor out of one', async () => {
    const shared = await openAll(to);
    await shared.accept({ messages: [newMessage()] });
    await shared.close();
    const store = await openAll(from);
    await store.accept({ messages: [newMessage()] });
    await assert.rejects(migrate(from, to), /正被另一个/);
    await store.close();
    await assert.rejects(migrate(from, to), /已有消息/);
    const again = await openAll(from);
    assert.equal((await again.tallies({}))[0]?.count, 1);
    await again.close();
  });

  it('by the command, with the password from the environment', async () => {
    const store = await openAll(from);
    await store.accept({ messages: [newMessage()] });
    await store.close();
    const lines: string[] = [];
    const address = `postgresql://${to.user}@${to.host}:${to.port}/${to.database}?tls=off&schema=${to.schema}`;
    const environment = { EXCHANGE_STORE_KEY: from.secret, EXCHANGE_STORE_PASSWORD: to.password };
    const code = await runCommand(['migrate', from.file, address], environment, line => lines.push(line));
    assert.equal(code, 0, lines.join('\n'));
    assert.match(lines.join('\n'), /1 条消息/);
  });
});
