// The three ways to answer GetExamItemList that are compared, as Node-RED flows on one server.
import { getExamItemListItem } from '../../dist/lib/contract/tables/booking.js';

export const CERTIFICATE = 'PLACEHOLDER-CERTIFICATE';
export const PATHS = { nodes: '/bench/nodes', core: '/bench/core', listen: '/bench/listen' };

const names = getExamItemListItem.fields.map(field => field.name);

/** One item as it comes from a hospital's database; every field filled, one of them with something to escape. */
const row = n =>
  Object.fromEntries(
    names.map(name => [
      name,
      name === 'Description' ? `测试科室<${n}> & "甲"` : `测试${name}${String(n).padStart(6, '0')}`,
    ]),
  );

export const rows = Array.from({ length: 50 }, (_, n) => ({
  ...row(n),
  Date: '2030-01-02 03:04:05',
  AppointmentStatus: '未预约',
}));

const item = names.map(name => `<${name}>{{${name}}}</${name}>`).join('');

const tab = { id: 'tab', type: 'tab', label: 'bench' };
const profile = {
  id: 'profile',
  type: 'exchange-profile',
  name: '',
  organCode: 'XM-00000-TEST',
  operator: 'TESTYYApi',
  orgCode: '000000T0001',
  orgName: '测试医院',
  allowedOperators: '',
  timeout: '',
  connections: '',
  acceptedPattern: '',
  refusedPattern: '',
  codeTableFile: '',
  validation: 'lenient',
  lengthUnit: 'char',
  credentials: { certificate: CERTIFICATE },
};
const ROWS = "msg.payload = global.get('rows');\nreturn msg;";

const nodes = [
  {
    id: 'n1',
    type: 'booking-request',
    z: 'tab',
    profile: 'profile',
    path: PATHS.nodes,
    baseUrl: '',
    timeout: '25',
    maxPending: '64',
    repeatMinutes: '30',
    wires: [['n2'], [], [], [], [], [], []],
  },
  { id: 'n2', type: 'function', z: 'tab', func: ROWS, outputs: 1, wires: [['n3']] },
  {
    id: 'n3',
    type: 'booking-response',
    z: 'tab',
    property: 'payload',
    propertyType: 'msg',
    maxItems: '1000',
    receiptDateStyle: 'dash',
    mergePdf: true,
    wires: [[]],
  },
];

/** The same by hand: what a skilled integrator wires today. */
const core = [
  { id: 'c1', type: 'http in', z: 'tab', url: PATHS.core, method: 'post', wires: [['c2']] },
  { id: 'c2', type: 'xml', z: 'tab', property: 'payload', attr: '', chr: '', wires: [['c3']] },
  {
    id: 'c3',
    type: 'function',
    z: 'tab',
    func: "const call = msg.payload['soap:Envelope']['soap:Body'][0].AppointmentDealInterface[0];\nmsg.body = call.msgBody[0];\nmsg.payload = call.msgHeader[0];\nreturn msg;",
    outputs: 1,
    wires: [['c4']],
  },
  { id: 'c4', type: 'xml', z: 'tab', property: 'payload', attr: '', chr: '', wires: [['c5']] },
  {
    id: 'c5',
    type: 'function',
    z: 'tab',
    func: `const header = msg.payload.root;\nif (header.certificate[0] !== '${CERTIFICATE}') { msg.payload = []; }\nmsg.service = header.serverName[0];\nmsg.payload = msg.body;\nreturn msg;`,
    outputs: 1,
    wires: [['c6']],
  },
  { id: 'c6', type: 'xml', z: 'tab', property: 'payload', attr: '', chr: '', wires: [['c7']] },
  {
    id: 'c7',
    type: 'function',
    z: 'tab',
    func: "if (!msg.payload.root.patientNo[0]) { return null; }\nmsg.rows = global.get('rows');\nreturn msg;",
    outputs: 1,
    wires: [['c8']],
  },
  {
    id: 'c8',
    type: 'template',
    z: 'tab',
    field: 'payload',
    fieldType: 'msg',
    syntax: 'mustache',
    output: 'str',
    template: `<?xml version="1.0" encoding="utf-8"?><root><returnContent><success>Yes</success><error/><items>{{#rows}}<item>${item}</item>{{/rows}}</items></returnContent></root>`,
    wires: [['c9']],
  },
  {
    id: 'c9',
    type: 'template',
    z: 'tab',
    field: 'payload',
    fieldType: 'msg',
    syntax: 'mustache',
    output: 'str',
    template:
      '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><AppointmentDealInterfaceResponse xmlns="http://tempuri.org/"><AppointmentDealInterfaceResult>{{payload}}</AppointmentDealInterfaceResult></AppointmentDealInterfaceResponse></soap:Body></soap:Envelope>',
    wires: [['c10']],
  },
  {
    id: 'c10',
    type: 'http response',
    z: 'tab',
    statusCode: '200',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    wires: [],
  },
];

const listen = [{ id: 'l1', type: 'bench-soap-listen', z: 'tab', path: PATHS.listen, wires: [] }];

export const flows = [tab, profile, ...nodes, ...core, ...listen];
