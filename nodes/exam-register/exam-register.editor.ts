import { registerEditor } from '../shared/editor/register';
import type { ExamRegisterProps } from './exam-register.props';
import { examTables } from './exam-register.tables';

RED.nodes.registerType<ExamRegisterProps>('exam-register', {
  category: '区域互联',
  icon: 'exam-register.svg',
  color: '#87BD83',
  inputs: 1,
  outputs: 2,
  ...registerEditor(examTables),
});
