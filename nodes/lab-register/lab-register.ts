import type { Node, NodeAPI, NodeDef } from 'node-red';
import { mapLabInput } from '../../lib/report/lab-mapping';
import { readLabReports } from '../../lib/report/lab-report';
import { inputMapping } from '../shared/mapping';
import { setUpRegister } from '../shared/register-node';
import type { LabRegisterProps } from './lab-register.props';
import { labTables } from './lab-register.tables';

export default function register(RED: NodeAPI): void {
  function LabRegister(this: Node, def: NodeDef & LabRegisterProps): void {
    RED.nodes.createNode(this, def);
    const map = inputMapping(RED, this, def, labTables);
    setUpRegister(RED, this, def, async (given, profile) => {
      const { check, archive } = profile;
      return readLabReports(await map(given, profile, mapLabInput), { check, archive, now: new Date() });
    });
  }
  RED.nodes.registerType('lab-register', LabRegister);
}
