import { registerEditor } from '../shared/editor/register';
import type { LabRegisterProps } from './lab-register.props';
import { labTables } from './lab-register.tables';

RED.nodes.registerType<LabRegisterProps>('lab-register', {
  category: '区域互联',
  icon: 'lab-register.svg',
  color: '#87BD83',
  inputs: 1,
  outputs: 2,
  ...registerEditor(labTables),
});
