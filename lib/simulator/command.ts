/** The commands `simulate` and `load`: the platform's side without Node-RED, and calls at a rate. */
import { once } from 'node:events';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { bilingual } from '../errors';
import { imageFaultNames, soapFaultNames } from './faults/fault-kinds';
import { DONE, FAILED, Misuse, type Print, aborted, guarded, untilInterrupted } from '../command-line';
import { faultTable, loadReport } from './command-text';
import { readFaults } from './faults/fault-order';
import { loadServices, playLoad, readLoad } from './load-calls';
import { speedOf } from './orders';
import type { PlatformSimulatorOptions } from './platform/platform-simulator';
import { faster } from './scenario';
import { readScenarioFile, scenarios } from './scenarios';
import { SimulatedPlatform } from './simulated-platform';
import { stageText } from './stage';

const SIMULATE_USAGE = `simulate：模拟平台（仅供测试）| the platform's side, for tests only

  --port 1880 --host 127.0.0.1        平台服务的端口和地址 | port and address of the services
  --image-port 11113 --aet PLATFORM   影像库的端口和 AE 标题，不填则没有 | of the image archive; left out: none
  --fault NAME[,service=…,ratio=…]    故障，可重复；DICOM 的加 target=dicom | a fault, several times; target=dicom for DICOM
  --scenario NAME|FILE --speed 1      场景：名称或文件，及加速倍数 | a scenario by name or file, and how many times as fast
  --operator … --organ-code … --org-code … --validation lenient|strict
  --list                              列出故障和场景 | lists faults and scenarios

取自环境变量 | from the environment:
  EXCHANGE_OPERATOR EXCHANGE_ORGAN_CODE EXCHANGE_ORG_CODE
  EXCHANGE_APP_ID EXCHANGE_STR_CREDENTIAL EXCHANGE_STR_KEY EXCHANGE_VIEWER_KEY
`;

const LOAD_USAGE = `load：按固定速率调用 | calls at a fixed rate

  --url ADDRESS                       医院的预约服务，或平台的报告注册地址
                                      the hospital's booking service, or the platform's address for reports
  --service NAME                      ${loadServices.join(' ')}
  --rate 20 --seconds 60              每秒次数、秒数 | calls a second, seconds
  --outstanding 1000                  最多同时等待的调用 | most calls without answer at the same time
  --allow-real                        允许写入真实平台（报告注明为测试数据）
                                      also to a real platform; the reports say that they are test data

取自环境变量 | from the environment: EXCHANGE_CERTIFICATE EXCHANGE_ORG_CODE EXCHANGE_ORG_NAME
`;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs until the signal; prints a line for each change. Gives the exit code.
 * @param signal default: SIGINT and SIGTERM
 */
export async function simulateCommand(
  args: readonly string[],
  environment: Environment,
  print: Print,
  signal: AbortSignal = untilInterrupted(),
): Promise<number> {
  return guarded(SIMULATE_USAGE, print, async () => {
    const { values } = parseArgs({ args: [...args], options: SIMULATE_OPTIONS });
    if (values.list) {
      print(faultTable(scenarios));
      return DONE;
    }
    const port = portOf(values.port ?? '1880');
    const host = values.host ?? '127.0.0.1';
    const imagePort = values['image-port'];
    const archive =
      imagePort === undefined
        ? undefined
        : { host, aeTitle: values.aet ?? 'PLATFORM', port: portOf(imagePort) };
    const orders = (values.fault ?? []).map(faultOf);
    const faults = readFaults(orders);
    const scenario =
      values.scenario === undefined
        ? undefined
        : faster(readScenarioFile(values.scenario), speedOf(values.speed));
    const identity = identityOf(values, environment);
    const simulated = new SimulatedPlatform(identity, archive);
    simulated.on('stage', state => print(bilingual(stageText(state))));
    simulated.on('received', ({ service, ok, key, fault }) =>
      print(`${service} ${key} ${ok ? 'ok' : 'no'}${fault ? ` [${fault}]` : ''}`),
    );
    simulated.on('image', ({ sopInstanceUid }) => print(`C-STORE ${sopInstanceUid} ok`));
    const server = http.createServer(simulated.platform.handler);
    try {
      server.listen(port, host);
      await once(server, 'listening');
      await simulated.start();
      print(addresses(server, host, simulated));
      for (const line of unset(identity)) print(line);
      if (scenario) simulated.stage.play(scenario);
      else simulated.stage.set(faults);
      await aborted(signal);
      return DONE;
    } finally {
      await simulated.close();
      await closed(server);
      print('已停止 | stopped');
    }
  });
}

/** Makes one load and prints its result. Gives the exit code: 1 when a call failed. */
export async function loadCommand(
  args: readonly string[],
  environment: Environment,
  print: Print,
  signal: AbortSignal = untilInterrupted(),
): Promise<number> {
  return guarded(LOAD_USAGE, print, async () => {
    const { values } = parseArgs({ args: [...args], options: LOAD_OPTIONS });
    const { url, outstanding } = values;
    if (url === undefined) throw new Misuse();
    const load = readLoad({
      service: values.service ?? 'GetExamItemList',
      rate: Number(values.rate ?? 20),
      seconds: Number(values.seconds ?? 60),
      ...(outstanding !== undefined && { mostOutstanding: Number(outstanding) }),
      ...(values['allow-real'] && { allowReal: true }),
    });
    // Its own timers do not keep a process alive.
    const awake = setInterval(() => undefined, 1000);
    try {
      const result = await playLoad(load, {
        url,
        certificate: environment['EXCHANGE_CERTIFICATE'] ?? '',
        orgCode: environment['EXCHANGE_ORG_CODE'] ?? '',
        orgName: environment['EXCHANGE_ORG_NAME'] ?? '',
        signal,
      });
      print(loadReport(result));
      return Object.keys(result.failed).length === 0 ? DONE : FAILED;
    } finally {
      clearInterval(awake);
    }
  });
}

const text = { type: 'string' } as const;
const SIMULATE_OPTIONS = {
  port: text,
  host: text,
  'image-port': text,
  aet: text,
  scenario: text,
  speed: text,
  fault: { type: 'string', multiple: true },
  operator: text,
  'organ-code': text,
  'org-code': text,
  validation: text,
  list: { type: 'boolean' },
} as const;

const LOAD_OPTIONS = {
  url: text,
  service: text,
  rate: text,
  seconds: text,
  outstanding: text,
  'allow-real': { type: 'boolean' },
} as const;

/** `slow,service=GetLabInfo,ratio=0.3` */
function faultOf(given: string): Record<string, unknown> {
  const [fault = '', ...settings] = given.split(',');
  const order: Record<string, unknown> = { fault };
  for (const setting of settings) {
    const [name = '', ...value] = setting.split('=');
    const words = value.join('=');
    order[name] = TEXTS.has(name) ? words : Number(words);
  }
  if (order['target'] === undefined && !soapFaultNames.some(name => name === fault))
    if (imageFaultNames.some(name => name === fault)) order['target'] = 'dicom';
  return order;
}

const TEXTS: ReadonlySet<string> = new Set(['target', 'service', 'text', 'declares']);

function identityOf(
  values: Partial<Record<'operator' | 'organ-code' | 'org-code' | 'validation', string>>,
  environment: Environment,
): PlatformSimulatorOptions {
  const from = (name: string): string => environment[`EXCHANGE_${name}`] ?? '';
  return {
    operator: values.operator ?? from('OPERATOR'),
    organCode: values['organ-code'] ?? from('ORGAN_CODE'),
    orgCode: values['org-code'] ?? from('ORG_CODE'),
    appId: from('APP_ID'),
    strCredential: from('STR_CREDENTIAL'),
    strKey: from('STR_KEY'),
    viewerKey: from('VIEWER_KEY'),
    validation: values.validation === 'strict' ? 'strict' : 'lenient',
  };
}

/** An empty expectation is never met. */
const unset = (identity: PlatformSimulatorOptions): string[] =>
  Object.entries(identity)
    .filter(([, value]) => value === '')
    .map(
      ([name]) => `未设置 ${name}，相应的调用都会被拒绝 | ${name} is not set: calls that need it are refused`,
    );

function portOf(given: string): number {
  const port = Number(given);
  if (given !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Misuse();
}

function addresses(server: http.Server, host: string, { archive }: SimulatedPlatform): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const base = `http://${host}:${port}`;
  return [
    `预约平台 | booking  ${base}/CallInterface.asmx`,
    `报告注册 | reports  ${base}/sehr.service.auto/IAutoReport.asmx`,
    `影像浏览 | viewer   ${base}/IDCAS/Interface`,
    `收到的消息 | received ${base}/`,
    ...(archive ? [`影像库 | images   ${archive.aeTitle}@${host}:${archive.port}`] : []),
  ].join('\n');
}

const closed = (server: http.Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
