/** What lab-register and exam-register do alike: read reports, register each, tell what became of it. */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { errorsOf } from '../../lib/contract/validate';
import type { Profile } from '../../lib/profile/profile';
import { type Registration, type Report, registerReport, registerReports } from '../../lib/report/register';
import { findProfile, needProfile } from '../exchange-profile/profile-node';
import { onInput } from './input';
import { valueOf } from './property';
import { type Mood, statusOf } from './status';
import { stopOf } from './stop';

export interface RegisterProps {
  name: string;
  profile: string;
  /** Where the reports stand in the message. */
  property: string;
  propertyType: 'msg' | 'jsonata';
}

const moods: Record<Registration['outcome'], Mood> = {
  accepted: 'good',
  refused: 'bad',
  unconfirmed: 'warn',
};

/** Sets a node up that registers what `read` makes of its input; one message for each report. */
export function setUpRegister(
  RED: NodeAPI,
  node: Node,
  def: NodeDef & RegisterProps,
  read: (given: unknown, profile: Profile) => Promise<readonly Report[]>,
): void {
  const status = statusOf(node);
  const profileNode = findProfile(RED, def.profile);
  if (!profileNode) status('bad', 'no-profile');
  const stop = stopOf(node);

  onInput(node, async (msg, send) => {
    const hospital = needProfile(profileNode);
    const profile = hospital.profile();
    const given = await valueOf(RED, node, def.property || 'payload', def.propertyType || 'msg', msg);
    const reports = await readOrShow(() => read(given, profile));
    status('busy', 'sending');
    const registerOne = async (report: Report): Promise<Registration> => {
      try {
        return await registerReport(report, hospital.platform().caller('archiveUrl'), profile, stop);
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
  });

  async function readOrShow(reading: () => Promise<readonly Report[]>): Promise<readonly Report[]> {
    try {
      return await reading();
    } catch (error) {
      status('bad', 'invalid');
      throw error;
    }
  }
}
