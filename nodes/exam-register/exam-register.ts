import type { Node, NodeAPI, NodeDef } from 'node-red';
import { examMaster } from '../../lib/contract/tables/exam';
import { mapRows } from '../../lib/mapping/map-rows';
import { readExamReports } from '../../lib/report/exam-report';
import { inputMapping } from '../shared/mapping';
import { setUpRegister } from '../shared/register-node';
import type { ExamRegisterProps } from './exam-register.props';
import { examTables } from './exam-register.tables';

export default function register(RED: NodeAPI): void {
  function ExamRegister(this: Node, def: NodeDef & ExamRegisterProps): void {
    RED.nodes.createNode(this, def);
    const map = inputMapping(RED, this, def, examTables);
    setUpRegister(RED, this, def, async (given, profile) => {
      const { check, archive } = profile;
      return readExamReports(await map(given, profile, mapRows(examMaster)), {
        check,
        archive,
        now: new Date(),
      });
    });
  }
  RED.nodes.registerType('exam-register', ExamRegister);
}
