/** What lab-register and exam-register do alike: read reports, register each, tell what became of it. */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { contractError, errorsOf } from '../../lib/contract/validate';
import type { Profile } from '../../lib/profile/profile';
import { type Registration, type Report, registerReport, registerReports } from '../../lib/report/register';
import { reportMending } from '../../lib/report/mend-report';
import { deliverReport, reportItem } from '../../lib/report/report-delivery';
import { type ExchangeProfileNode, findProfile, needProfile } from '../exchange-profile/profile-node';
import { auditOf, audited } from './audit';
import { openDelivery, platformDestination } from './delivery';
import { endHandover, handoverOf } from './handover';
import { type InputHandler, onInput } from './input';
import { valueOf } from './property';
import type { RegisterProps } from './register.props';
import { type Mood, statusOf } from './status';
import { stopOf } from './stop';

type ReadReports = (given: unknown, profile: Profile) => Promise<readonly Report[]>;

const moods: Record<Registration['outcome'], Mood> = {
  accepted: 'good',
  refused: 'bad',
  unconfirmed: 'warn',
};

interface RegisterNode {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly def: NodeDef & Partial<RegisterProps>;
  readonly status: (mood: Mood, key: string) => void;
  readonly read: ReadReports;
}

/** Sets a node up that registers what `read` makes of its input; one message for each report. */
export function setUpRegister(
  RED: NodeAPI,
  node: Node,
  def: NodeDef & RegisterProps,
  read: ReadReports,
): void {
  const status = statusOf(node);
  const profileNode = findProfile(RED, def.profile);
  if (!profileNode) status('bad', 'no-profile');
  const property = { value: def.property || 'payload', type: def.propertyType || 'msg' };
  const readOrShow: ReadReports = async (msg, profile) => {
    try {
      return await read(await valueOf(RED, node, property.value, property.type, msg as never), profile);
    } catch (error) {
      status('bad', 'invalid');
      throw error;
    }
  };
  const set: RegisterNode = { RED, node, def, status, read: readOrShow };
  onInput(node, def.delivery === 'direct' ? direct(set, profileNode) : durable(set, profileNode));
}

/** Reports are taken over by the store, broken ones too; what the platform says comes out later. */
function durable(
  { RED, node, def, status, read }: RegisterNode,
  profileNode: ExchangeProfileNode | null,
): InputHandler {
  const delivery =
    profileNode &&
    openDelivery(RED, {
      node,
      def,
      storeNode: profileNode.store(),
      destination: platformDestination(profileNode, 'archiveUrl'),
      batch: 1,
      status,
      mending: reportMending(() => profileNode.profile()),
      deliver: (works, signal) =>
        Promise.all(
          works.map(work =>
            deliverReport(work, profileNode.platform().caller('archiveUrl'), profileNode.profile(), signal),
          ),
        ),
    });
  return async (msg, send) => {
    const hospital = needProfile(profileNode);
    const reports = await read(msg, hospital.profile());
    await delivery?.accept(msg, reports.map(reportItem), send);
    const errors = reports.flatMap(({ violations }) => errorsOf(violations));
    if (errors.length === 0) return;
    status('bad', 'invalid');
    throw contractError(errors);
  };
}

/** Reports are sent at once, in one attempt each. */
function direct(
  { RED, node, status, read }: RegisterNode,
  profileNode: ExchangeProfileNode | null,
): InputHandler {
  const stop = stopOf(node);
  const audit = auditOf(node, profileNode);
  return async (msg, send) => {
    const hospital = needProfile(profileNode);
    const profile = hospital.profile();
    const handover = handoverOf(RED, msg);
    const reports = await read(msg, profile);
    status('busy', 'sending');
    const registerOne = async (report: Report): Promise<Registration> => {
      try {
        return await audited(
          audit,
          'ArchiveAutoReport',
          () => registerReport(report, hospital.platform().caller('archiveUrl'), profile, stop),
          done => done.outcome,
        );
      } catch (error) {
        status('bad', errorsOf(report.violations).length > 0 ? 'invalid' : 'failed');
        throw error;
      }
    };
    await registerReports(reports, registerOne, done => {
      status(moods[done.outcome], done.outcome);
      const out = reports.length === 1 ? msg : RED.util.cloneMessage(msg);
      const { answer, ...exchange } = done;
      Object.assign(out, { payload: answer, exchange });
      send(done.outcome === 'accepted' ? [out, null] : [null, out]);
    });
    await endHandover(handover);
  };
}
