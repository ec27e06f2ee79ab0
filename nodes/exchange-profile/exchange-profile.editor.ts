import { useFormStyle } from '../shared/editor/form';
import { selectSoleStore, storeUsable } from '../shared/editor/profile';
import { prepareSecrets } from '../shared/editor/secrets';
import { prepareTabs } from '../shared/editor/tabs';
import {
  filled,
  optionalNumber,
  pattern,
  timesOfDay,
  webAddress,
  wholeNumber,
} from '../shared/editor/validate';
import { prepareConnectionTests } from './connection-test.editor';
import type { ProfileCredentials, ProfileProps } from './exchange-profile.props';
import { prepareHospitalChoice } from './hospital-choice.editor';

const TABS = ['hospital', 'platform', 'rules', 'credentials'];

useFormStyle();

RED.nodes.registerType<ProfileProps, ProfileCredentials>('exchange-profile', {
  category: 'config',
  icon: 'exchange-profile.svg',
  color: '#D9A75F',
  defaults: {
    name: { value: '' },
    organCode: { value: '' },
    operator: { value: '' },
    orgCode: { value: '' },
    orgName: { value: '' },
    userOrganizationId: { value: '' },
    userOrganizationName: { value: '' },
    organizationId: { value: '' },
    userGuid: { value: '' },
    callInterfaceUrl: { value: '', validate: webAddress('callInterfaceUrl') },
    archiveUrl: { value: '', validate: webAddress('archiveUrl') },
    viewerUrl: { value: '', validate: webAddress('viewerUrl') },
    soapVersion: { value: '1.1' },
    namespace: { value: 'http://tempuri.org/', validate: filled('namespace') },
    wsdl: { value: '' },
    timeout: { value: '30', validate: wholeNumber('timeout', 1, 600) },
    connections: { value: '4', validate: wholeNumber('connections', 1, 64) },
    tls: { value: '', type: 'tls-config', required: false },
    store: { value: '', type: 'exchange-store', required: false, validate: storeUsable },
    perMinute: { value: '', validate: optionalNumber('perMinute', 1, 60_000) },
    sendingHours: { value: '', validate: timesOfDay('sendingHours') },
    validation: { value: 'lenient' },
    lengthUnit: { value: 'char' },
    dateStyle: { value: 'table' },
    subItemLayout: { value: 'repeat' },
    sendApplyFormNo: { value: false },
    acceptedPattern: { value: '^(1|true|ok|success|成功)', validate: pattern('acceptedPattern') },
    refusedPattern: {
      value: '失败|错误|error|exception|^-1|^false|^0$',
      validate: pattern('refusedPattern'),
    },
    emptyMeans: { value: 'unconfirmed' },
    allowedOperators: { value: '' },
    codeTableFile: { value: '' },
  },
  credentials: {
    appId: { type: 'password' },
    certificate: { type: 'password' },
    strCredential: { type: 'password' },
    strKey: { type: 'password' },
    viewerKey: { type: 'password' },
    basicUser: { type: 'text' },
    basicPassword: { type: 'password' },
  },
  label() {
    return this.name || this.organCode || this._('exchange-profile.label');
  },
  paletteLabel() {
    return this._('exchange-profile.label');
  },
  oneditprepare() {
    prepareTabs(this, TABS);
    selectSoleStore(this);
    prepareHospitalChoice(this);
    prepareConnectionTests(this);
    prepareSecrets(this);
  },
});
