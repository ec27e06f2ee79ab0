import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const root = process.cwd();

interface FlowNode extends Record<string, unknown> {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly g?: string;
  readonly profile?: string;
  readonly wires?: readonly (readonly string[])[];
}

/** All prebuilt flows as one. */
const flows = (): FlowNode[] => {
  const read = (file: string): FlowNode[] =>
    JSON.parse(fs.readFileSync(path.join(root, 'flows', file), 'utf8')) as FlowNode[];
  return fs
    .readdirSync(path.join(root, 'flows'))
    .filter(file => file.endsWith('.json'))
    .flatMap(read);
};

/** What a careless flow does to what a procedure gave, and how it is found out. */
const DAMAGE: readonly {
  readonly after: string;
  readonly func: string;
  readonly section: string;
  readonly reason: string;
}[] = [
  {
    after: 'signal_sources',
    func: 'msg.payload.pop();',
    section: '3.2.2',
    reason: 'item: 7 records instead of 8',
  },
  {
    after: 'fetch_order',
    func: "msg.payload.AreaCode = '2';",
    section: '3.3.1',
    reason: 'notification\\[1\\]\\.AreaCode differs',
  },
  {
    after: 'fetch_booking',
    func: 'msg.payload.LabCode = String(Number(msg.payload.LabCode));',
    section: '3.3.2',
    reason: 'booking\\[1\\]\\.InspectionItemCode differs',
  },
  {
    after: 'fetch_lab',
    func: "for (const item of msg.payload.lab_subitem) item.result_value += '.';",
    section: '4.1',
    reason: 'report\\[1\\]\\.result_value differs',
  },
  {
    after: 'fetch_exam',
    func: "msg.payload.image_descr = msg.payload.image_descr.replace(/\\n/g, ' ');",
    section: '4.2',
    reason: 'report\\[\\d+\\]\\.image_descr differs',
  },
  {
    after: 'report_pdf',
    func: "msg.payload[0].pdf = Buffer.concat([msg.payload[0].pdf, Buffer.from('\\n')]);",
    section: '5.1.5',
    reason: "the hospital's own bytes",
  },
];

/** The flow with a function behind the first output of a node. */
const damaged = (nodes: readonly FlowNode[]): FlowNode[] =>
  nodes.flatMap(node => {
    const procedure = node['fetchProcedure'] ?? node['statement'];
    const change = DAMAGE.find(({ after }) => procedure === `dbo.usp_exchange_${after}`);
    if (!change) return [node];
    const id = `damage-${change.after}`;
    const [first, ...others] = node.wires ?? [];
    const func = `${change.func}\nreturn msg;`;
    return [
      { ...node, wires: [[id], ...others] },
      { id, type: 'function', z: node.z ?? '', func, outputs: 1, wires: [first ?? []] },
    ];
  });

interface Finished {
  readonly code: number | null;
  readonly out: string;
}

describe('demo', function () {
  this.timeout(90_000);
  let folder: string;
  const running = new Set<ChildProcess>();

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-test-'));
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function start(
    args: readonly string[],
    env: Record<string, string> = {},
  ): { child: ChildProcess; finished: Promise<Finished> } {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
    running.add(child);
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => (out += part.toString()));
    const finished = once(child, 'close').then(([code]: (number | null)[]) => {
      running.delete(child);
      return { code: code ?? null, out };
    });
    return { child, finished };
  }
  const script = (module: string, options: object): string[] => [
    '--input-type=module',
    '--eval',
    `import { run } from './scripts/demo/${module}'; process.exit(await run(${JSON.stringify(options)}));`,
  ];

  /** Resolves with the address of the `ready` line. */
  function ready(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      let out = '';
      child.stdout?.on('data', (part: Buffer) => {
        out += part.toString();
        const found = /^ready (\S+)$/m.exec(out)?.[1];
        if (found) resolve(found);
      });
      child.once('close', () => reject(new Error(`ended before it was ready: ${out}`)));
    });
  }

  async function freePort(): Promise<string> {
    const server = http.createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise(resolve => server.close(resolve));
    return String(port);
  }

  it('fails, with reasons, when a flow delivers other data than the hospital has', async () => {
    const file = path.join(folder, 'broken.json');
    fs.writeFileSync(file, JSON.stringify(damaged(flows())));
    const { code, out } = await start([
      '--input-type=module',
      '--eval',
      `import fs from 'node:fs'; import { run } from './scripts/demo/once.mjs';
       process.exit(await run({ flow: JSON.parse(fs.readFileSync(${JSON.stringify(file)}, 'utf8')) }));`,
    ]).finished;
    assert.equal(code, 1, out);
    for (const { section, reason } of DAMAGE) {
      assert.match(
        out,
        new RegExp(`^FAIL ${section.replaceAll('.', '\\.')} [^\n]*(?:\n {5}[^\n]*)*${reason}`, 'm'),
      );
    }
    for (const section of ['4\\.3', '4\\.4'])
      assert.match(out, new RegExp(`^FAIL ${section} `, 'm'), 'what was registered wrongly is found wrong');
    assert.match(out, /^PASS 3\.2\.1 /m, 'the others are not held up');
  });

  it('runs until it is stopped, and again from the same directory', async () => {
    const port = await freePort();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, finished } = start(script('live.mjs', { userDir: path.join(folder, 'user') }), {
        PORT: port,
      });
      const address = await ready(child);
      assert.equal(address, `http://127.0.0.1:${port}/`);
      assert.match(await (await fetch(address)).text(), /区域互联演示/);
      const deployed = (await (await fetch(`${address}flows`)).json()) as FlowNode[];
      assert.equal(deployed.length, flows().length);
      const wsdl = await fetch(`${address}exchange/AppointmentDealInterface?wsdl`);
      assert.match(await wsdl.text(), /AppointmentDealInterface/);
      child.kill(signal);
      const { code, out } = await finished;
      assert.equal(code, 0, out);
      assert.doesNotMatch(out, /error:|warn:|Warning/);
    }
  });

  it('says that the port is taken', async () => {
    const server = http.createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    const { code, out } = await start(script('live.mjs', { userDir: folder }), { PORT: port }).finished;
    server.close();
    assert.equal(code, 1);
    assert.match(out, new RegExp(`端口 ${port} 已被占用.*port ${port} is taken`));
    assert.deepEqual(fs.readdirSync(folder), [], 'nothing was written');
  });

  describe('flow', () => {
    it('is whole: every wire, group and profile it names is there', () => {
      const nodes = flows();
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length, 'ids are unique');
      for (const node of nodes) {
        const named = [...(node.wires ?? []).flat(), node.z, node.g, node.profile].filter(
          id => id !== undefined,
        );
        for (const id of named) assert.ok(ids.has(id), `${node.id} names ${id}`);
      }
    });

    it('holds no address and no secret of its own', () => {
      const [profile] = flows().filter(({ type }) => type === 'exchange-profile');
      const { credentials, ...settings } = profile ?? { credentials: {} };
      for (const [name, value] of Object.entries(credentials as Record<string, string>)) {
        assert.match(value, /^\$\{EXCHANGE_\w+\}$/, name);
      }
      for (const name of Object.keys(settings).filter(setting => /Url$|Code$|operator/.test(setting))) {
        assert.match(String(settings[name as keyof typeof settings]), /^\$\{EXCHANGE_\w+\}$/, name);
      }
      for (const { baseUrl, credentials: login } of flows().filter(({ type }) => type === 'report-file')) {
        assert.match(String(baseUrl), /^\$\{EXCHANGE_\w+\}$/);
        assert.match((login as Record<string, string>)['signKey'] ?? '', /^\$\{EXCHANGE_\w+\}$/);
      }
      assert.doesNotMatch(JSON.stringify(flows()), /https?:\/\/(?!tempuri)/);
    });
  });
});
