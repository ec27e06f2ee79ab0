/** The command `check`: the self-check without Node-RED. */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { DONE, FAILED, Misuse, type Print, guarded } from '../command-line';
import { gatherEvidence } from '../evidence/evidence';
import { VERDICTS } from '../evidence/parts';
import { writeEvidence } from '../evidence/write-evidence';
import { embeddedSettings } from '../store/command';
import { openForReading } from '../store/open-store';
import type { MessageStore } from '../store/message-store';
import { packageVersion } from '../version';
import { type CheckedSystem, type Environment, targetsFrom } from './environment';
import { type SelfCheck, runSelfCheck } from '../self-check/run';
import type { WritePermission } from '../self-check/targets';

const CHECK_USAGE = `check [选项 options]：自查 17 个接口，生成证据报告 | checks the 17 interfaces, writes a report

  --env FILE       环境变量文件（NAME=值），与流程所用的相同；缺省用当前环境
                   variables as the flows use them; default: the environment as it is
  --writes LEVEL   never 不写入；simulator 只写模拟器（缺省）；test-data 写入带标记的测试数据
                   nothing; to simulators only (default); marked test data
  --store FILE     消息库文件，用于统计（可在使用中） | a message store to take figures from (may be in use)
  --days N         统计天数，缺省 30 | days that the figures are of
  --out FOLDER     报告文件夹，缺省 exchange-evidence | where the report goes

预约服务 EXCHANGE_BOOKING_URL、EXCHANGE_CHECK_PATIENT；影像归档 EXCHANGE_IMAGES_HOST/PORT/AE；
本院 PACS EXCHANGE_PACS_HOST/PORT/AE；平台 EXCHANGE_CALL_INTERFACE_URL、EXCHANGE_ARCHIVE_URL、EXCHANGE_VIEWER_URL；
密钥 EXCHANGE_APP_ID、EXCHANGE_CERTIFICATE、EXCHANGE_STR_CREDENTIAL、EXCHANGE_STR_KEY、EXCHANGE_VIEWER_KEY
`;

const DAY_MS = 86_400_000;

/** Gives the exit code: 0 when nothing failed, 1 when something did, 2 for wrong options. */
export const checkCommand = (args: readonly string[], given: Environment, print: Print): Promise<number> =>
  guarded(CHECK_USAGE, print, async () => {
    const options = readOptions(args);
    const environment = options.env ? { ...given, ...parseEnv(fs.readFileSync(options.env, 'utf8')) } : given;
    const system = targetsFrom(environment, options.writes);
    const store = options.store ? await openForReading(embeddedSettings(options.store, environment)) : null;
    try {
      const check = await runSelfCheck(system, { signal: new AbortController().signal });
      for (const line of linesOf(check)) print(line);
      const files = await writeEvidence(await evidenceOf(system, check, store, options.days), options.out);
      print(`报告 | report: ${path.resolve(files.html)}`);
      return check.interfaces.some(({ verdict }) => verdict === 'FAIL') ? FAILED : DONE;
    } finally {
      await system.close();
      await store?.close();
    }
  });

interface CheckOptions {
  readonly env: string | undefined;
  readonly writes: WritePermission;
  readonly store: string | undefined;
  readonly days: number;
  readonly out: string;
}

/** @throws {Misuse} */
function readOptions(args: readonly string[]): CheckOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      env: { type: 'string' },
      writes: { type: 'string', default: 'simulator' },
      store: { type: 'string' },
      days: { type: 'string', default: '30' },
      out: { type: 'string', default: 'exchange-evidence' },
    },
  });
  const { env, writes, store, out } = values;
  const days = Number(values.days);
  if (writes !== 'never' && writes !== 'simulator' && writes !== 'test-data') throw new Misuse();
  if (!Number.isInteger(days) || days <= 0) throw new Misuse();
  return { env, writes, store, days, out };
}

const linesOf = ({ interfaces }: SelfCheck): string[] =>
  interfaces.flatMap(({ section, service, zh, verdict, reasons, cases }) => [
    `${VERDICTS[verdict].en} ${section} ${service} ${zh} [${cases[0]?.evidence ?? ''}]`,
    ...reasons.map(reason => `     ${reason.zh} | ${reason.en}`),
  ]);

function evidenceOf({ profile }: CheckedSystem, check: SelfCheck, store: MessageStore | null, days: number) {
  const { settings } = profile;
  const to = Date.parse(check.startedAt);
  return gatherEvidence({
    store,
    hospital: { orgCode: settings.orgCode, orgName: settings.orgName, organCode: settings.organCode },
    period: { from: to - days * DAY_MS, to },
    versions: { 组件: packageVersion(), 'Node.js': process.versions.node },
    check,
    rules: profile.check,
    // Without Node-RED nobody knows which node is which.
    reportKind: () => undefined,
    protection: { masking: true, keepAuditDays: null, keepContentDays: null },
    actor: 'check',
    now: new Date(),
  });
}
