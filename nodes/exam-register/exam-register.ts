import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readExamReports } from '../../lib/report/exam-report';
import { setUpRegister } from '../shared/register-node';
import type { ExamRegisterProps } from './exam-register.props';

export default function register(RED: NodeAPI): void {
  function ExamRegister(this: Node, def: NodeDef & ExamRegisterProps): void {
    RED.nodes.createNode(this, def);
    setUpRegister(RED, this, def, (given, { check, archive }) =>
      readExamReports(given, { check, archive, now: new Date() }),
    );
  }
  RED.nodes.registerType('exam-register', ExamRegister);
}
