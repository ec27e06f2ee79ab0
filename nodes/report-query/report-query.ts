import type { Node, NodeAPI, NodeDef } from 'node-red';
import { isRow } from '../../lib/contract/row';
import { ExchangeError } from '../../lib/errors';
import { IdChoice } from '../../lib/report/id-choice';
import { type QueryAnswer, type QueryService, queryReports, readQuery } from '../../lib/report/report-query';
import { findProfile, needProfile } from '../exchange-profile/profile-node';
import { auditOf, audited } from '../shared/audit';
import { onInput } from '../shared/input';
import { valueOf } from '../shared/property';
import { statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import type { ReportQueryProps } from './report-query.props';

const SERVICES: readonly QueryService[] = ['GetLabInfo', 'GetExamInfo'];

export default function register(RED: NodeAPI): void {
  function ReportQuery(this: Node, def: NodeDef & ReportQueryProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) status('bad', 'no-profile');
    else if (!profileNode.secret('strCredential')) status('warn', 'no-credential');
    const choice = new IdChoice(def.idArguments || 'documented');
    const stop = stopOf(this);
    const audit = auditOf(this, profileNode);

    onInput(this, async (msg, send) => {
      try {
        const hospital = needProfile(profileNode);
        const service = serviceOf(def.service, msg['service']);
        const given = await valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg);
        if (!isRow(given)) throw notAQuery();
        const query = readQuery(given, new Date(), def.fillRange);
        const secrets = {
          strCredential: hospital.secret('strCredential'),
          strKey: hospital.secret('strKey'),
        };
        const caller = hospital.platform().caller('archiveUrl');
        status('busy', 'querying');
        const found = await audited(
          audit,
          service,
          () => choice.ask(ids => queryReports(caller, service, query, secrets, ids, stop)),
          () => 'accepted',
        );
        status(
          found.answer.reports.length > 0 ? 'good' : 'idle',
          found.answer.reports.length > 0 ? 'found' : 'nothing',
        );
        const exchange = storyOf(service, found.answer, found.ids);
        if (def.output === 'sequence') sendSequence(found.answer, exchange);
        else send(Object.assign(msg, { payload: found.answer.reports, exchange }));

        function sendSequence({ reports }: QueryAnswer, story: object): void {
          const id = RED.util.generateId();
          for (const [index, payload] of reports.entries()) {
            const parts = {
              id,
              index,
              count: reports.length,
              ...(msg['parts'] !== undefined && { parts: msg['parts'] }),
            };
            send(Object.assign(RED.util.cloneMessage(msg), { payload, exchange: story, parts }));
          }
        }
      } catch (error) {
        status('bad', 'failed');
        throw error;
      }
    });
  }
  RED.nodes.registerType('report-query', ReportQuery);
}

const storyOf = (service: QueryService, answer: QueryAnswer, idArguments: string): object => ({
  service,
  outcome: 'accepted',
  reports: answer.reports.length,
  items: answer.reports.reduce(
    (sum, { lab_subitem: items }) => sum + (Array.isArray(items) ? items.length : 0),
    0,
  ),
  strayItems: answer.strayItems,
  repairs: answer.repairs,
  idArguments,
  durationMs: answer.durationMs,
});

function serviceOf(configured: ReportQueryProps['service'], named: unknown): QueryService {
  if (configured !== 'msg') return configured;
  const service = SERVICES.find(name => name.toLowerCase() === String(named).trim().toLowerCase());
  if (service) return service;
  throw new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `msg.service 应为 ${SERVICES.join(' 或 ')}`,
      en: `msg.service must be ${SERVICES.join(' or ')}`,
    },
  });
}

const notAQuery = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: 'msg.payload 应为 { cardNo, idNo, startTime, endTime }，卡号和身份证号必填其一',
      en: 'msg.payload must be { cardNo, idNo, startTime, endTime } with one of the two numbers',
    },
  });
