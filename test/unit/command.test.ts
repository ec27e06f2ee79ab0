/** The command of the package: the self-check beside the simulator, both without Node-RED. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../../lib/command/main';
import { openStore } from '../../lib/store/open-store';
import { freePort } from '../support/port';
import { temporaryFolder } from '../support/report-files';
import { done, newMessage, OWNER } from '../support/store-conformance';
import { simulateCommand } from '../../lib/simulator/command';
import { until } from '../support/until';

const SECRETS = {
  EXCHANGE_APP_ID: 'PLACEHOLDER-APPID',
  EXCHANGE_STR_CREDENTIAL: 'PLACEHOLDER-CREDENTIAL',
  EXCHANGE_STR_KEY: 'PLACEHOLDER-KEY',
  EXCHANGE_VIEWER_KEY: 'TEST-VIEWER-KEY',
};
const IDENTITY = {
  EXCHANGE_OPERATOR: 'TESTYYApi',
  EXCHANGE_ORGAN_CODE: 'XM-00000-TEST',
  EXCHANGE_ORG_CODE: '000000T0001',
  EXCHANGE_ORG_NAME: '测试医院',
};

describe('the command of the package', () => {
  let folder: string;
  let printed: string[];
  const print = (line: string): void => void printed.push(...line.split('\n'));
  beforeEach(() => {
    folder = temporaryFolder('command');
    printed = [];
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('says what it can do, and how', async () => {
    for (const [args, word] of [
      [[], 'simulate'],
      [['constructor'], 'simulate'],
      [['check', '--help'], '--writes'],
      [['check', '--writes', 'everything'], '--writes'],
      [['store', '--help'], 'backup'],
    ] as const) {
      printed = [];
      assert.equal(await run(args, {}, print), 2, args.join(' '));
      assert.ok(
        printed.some(line => line.includes(word)),
        args.join(' '),
      );
    }
  });

  it('says in words which file it cannot read', async () => {
    assert.equal(await run(['check', '--env', path.join(folder, 'none.env')], {}, print), 1);
    assert.match(printed.join(), /none\.env/);
  });

  it('checks what the variables name, takes figures from a store, and writes the report', async () => {
    const [port, imagePort] = [await freePort(), await freePort()];
    const stop = new AbortController();
    const simulating = simulateCommand(
      ['--port', String(port), '--image-port', String(imagePort)],
      { ...SECRETS, ...IDENTITY },
      () => undefined,
      stop.signal,
    );
    const base = `http://127.0.0.1:${port}`;
    await until('the simulator listens', () =>
      fetch(base).then(
        () => true,
        () => false,
      ),
    );
    const file = path.join(folder, 'store.db');
    const store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { in: 'caller' });
    const message = newMessage({ service: 'C-STORE' });
    await store.accept({ messages: [message] });
    await store.claim({ channel: 'node', limit: 1, owner: OWNER, leaseMs: 1000 });
    await store.settle({ owner: OWNER, settlements: [done(message.id)] });
    await store.close();
    const env = path.join(folder, 'hospital.env');
    const variables = {
      ...SECRETS,
      ...IDENTITY,
      EXCHANGE_CALL_INTERFACE_URL: `${base}/CallInterface.asmx`,
      EXCHANGE_ARCHIVE_URL: `${base}/sehr.service.auto/IAutoReport.asmx`,
      EXCHANGE_VIEWER_URL: `${base}/IDCAS/Interface`,
      EXCHANGE_IMAGES_HOST: '127.0.0.1',
      EXCHANGE_IMAGES_PORT: String(imagePort),
      EXCHANGE_IMAGES_AE: 'PLATFORM',
      EXCHANGE_STORE_KEY: 'TEST-SECRET',
    };
    fs.writeFileSync(
      env,
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    );
    try {
      const out = path.join(folder, 'out');
      const code = await run(['check', '--env', env, '--store', file, '--out', out], {}, print);
      assert.equal(code, 0, printed.join('\n'));
      for (const section of ['3.3.1', '3.3.2', '4.1', '4.2', '4.3', '4.4', '5.1.3', '5.1.4', '5.1.6'])
        assert.ok(
          printed.some(line => line.startsWith(`PASS ${section} `)),
          section,
        );
      assert.ok(printed.some(line => line.startsWith('NOT CONFIGURED 3.2.1 ')));
      const json = fs.readdirSync(out).find(name => name.endsWith('.json')) ?? '';
      const evidence = JSON.parse(fs.readFileSync(path.join(out, json), 'utf8')) as {
        services: { section: string; accepted: number }[];
      };
      assert.deepEqual(
        evidence.services.map(({ section, accepted }) => [section, accepted]),
        [['5.1.3', 1]],
      );
      for (const secret of Object.values(SECRETS))
        assert.ok(!fs.readFileSync(path.join(out, json), 'utf8').includes(secret), secret);
    } finally {
      stop.abort();
      await simulating;
    }
  });
});
