import type { Node, NodeAPI, NodeDef } from 'node-red';
import { errorsOf } from '../../lib/contract/validate';
import { type LabReport, readLabReports } from '../../lib/report/lab-report';
import { type Registration, registerLabReport, registerLabReports } from '../../lib/report/register';
import { findProfile, needProfile } from '../exchange-profile/profile-node';
import { onInput } from '../shared/input';
import { valueOf } from '../shared/property';
import { type Mood, statusOf } from '../shared/status';
import type { LabRegisterProps } from './lab-register.props';

const moods: Record<Registration['outcome'], Mood> = {
  accepted: 'good',
  refused: 'bad',
  unconfirmed: 'warn',
};

export default function register(RED: NodeAPI): void {
  function LabRegister(this: Node, def: NodeDef & LabRegisterProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) status('bad', 'no-profile');
    const stop = new AbortController();
    this.on('close', () => stop.abort());

    onInput(this, async (msg, send) => {
      const hospital = needProfile(profileNode);
      const profile = hospital.profile();
      const given = await valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg);
      const reports = readLabReports(given, {
        check: profile.check,
        archive: profile.archive,
        now: new Date(),
      });
      status('busy', 'sending');
      const registerOne = async (report: LabReport): Promise<Registration> => {
        try {
          return await registerLabReport(
            report,
            hospital.platform().caller('archiveUrl'),
            profile,
            stop.signal,
          );
        } catch (error) {
          status('bad', errorsOf(report.violations).length > 0 ? 'invalid' : 'failed');
          throw error;
        }
      };
      await registerLabReports(reports, registerOne, done => {
        status(moods[done.outcome], done.outcome);
        const out = reports.length === 1 ? msg : RED.util.cloneMessage(msg);
        const { answer, ...exchange } = done;
        Object.assign(out, { payload: answer, exchange });
        send(done.outcome === 'accepted' ? [out, null] : [null, out]);
      });
    });
  }
  RED.nodes.registerType('lab-register', LabRegister);
}
