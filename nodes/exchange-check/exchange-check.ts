import path from 'node:path';
import type { NodeAPI, NodeDef } from 'node-red';
import { ExchangeError } from '../../lib/errors';
import { type Evidence, gatherEvidence } from '../../lib/evidence/evidence';
import { writeEvidence } from '../../lib/evidence/write-evidence';
import { masksDebug } from '../../lib/monitor/masking';
import { type SelfCheck, type Verdict, runSelfCheck } from '../../lib/self-check/run';
import { packageVersion } from '../../lib/version';
import { type ExchangeProfileNode, findProfile, needProfile } from '../exchange-profile/profile-node';
import { onInput } from '../shared/input';
import { wholeNumber } from '../shared/property';
import { type Mood, statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import type { CheckProps } from './exchange-check.props';
import { type CheckNode, mountReport } from './report-route';
import { targetsOf } from './targets';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

export default function register(RED: NodeAPI): void {
  function ExchangeCheck(this: CheckNode, def: NodeDef & CheckProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const stop = stopOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) status('bad', 'no-profile');
    const folder = path.resolve(
      RED.settings.userDir ?? process.cwd(),
      def.folder.trim() || 'exchange-evidence',
    );
    let running = false;

    onInput(this, async (msg, send) => {
      if (running) throw busy();
      running = true;
      status('busy', 'checking');
      try {
        const hospital = needProfile(profileNode);
        const check = await runSelfCheck(targetsOf(RED, def, hospital), { signal: stop });
        const evidence = await evidenceOf(RED, def, hospital, check);
        this.latest = await writeEvidence(evidence, folder);
        status(...summary(check));
        send(Object.assign(msg, { payload: { ...shown(check), files: this.latest } }));
      } catch (error) {
        status('bad', 'failed');
        throw error;
      } finally {
        running = false;
      }
    });
  }
  RED.nodes.registerType('exchange-check', ExchangeCheck);

  mountReport(RED);
}

async function evidenceOf(
  RED: NodeAPI,
  def: CheckProps,
  profileNode: ExchangeProfileNode,
  check: SelfCheck,
): Promise<Evidence> {
  const { settings, check: rules } = profileNode.profile();
  const storeNode = profileNode.store();
  // What the check itself has done is not among the figures.
  const to = Date.parse(check.startedAt);
  const days = wholeNumber(def.periodDays, DEFAULT_DAYS);
  return gatherEvidence({
    store: storeNode?.store ?? null,
    hospital: { orgCode: settings.orgCode, orgName: settings.orgName, organCode: settings.organCode },
    period: { from: to - days * DAY_MS, to },
    versions: {
      组件: packageVersion(),
      'Node-RED': await RED.version(),
      'Node.js': process.versions.node,
    },
    check,
    rules,
    reportKind: channel => {
      const type = RED.nodes.getNode(channel)?.type;
      return type === 'lab-register' ? 'lab' : type === 'exam-register' ? 'exam' : undefined;
    },
    protection: {
      masking: masksDebug(RED.settings),
      keepAuditDays: storeNode?.keeping.auditDays ?? null,
      keepContentDays: storeNode?.keeping.contentDays ?? null,
    },
    actor: 'exchange-check',
    now: new Date(),
  });
}

const countOf = ({ interfaces }: SelfCheck, wanted: Verdict): number =>
  interfaces.filter(({ verdict }) => verdict === wanted).length;

function summary(check: SelfCheck): [Mood, string] {
  if (countOf(check, 'FAIL') > 0) return ['bad', 'some-fail'];
  return countOf(check, 'NOT CONFIGURED') > 0 ? ['warn', 'some-open'] : ['good', 'all-pass'];
}

/** What a flow needs of it; the whole is in the files. */
const shown = (check: SelfCheck) => ({
  runId: check.runId,
  pass: countOf(check, 'PASS'),
  fail: countOf(check, 'FAIL'),
  notConfigured: countOf(check, 'NOT CONFIGURED'),
  interfaces: check.interfaces.map(({ section, service, zh, verdict, reasons, cases }) => ({
    section,
    service,
    zh,
    verdict,
    reasons: reasons.map(reason => reason.zh),
    evidence: cases.map(({ evidence }) => evidence),
  })),
});

const busy = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'retry',
    text: { zh: '自查正在进行，请等待其完成', en: 'a check is running: wait until it is done' },
  });
