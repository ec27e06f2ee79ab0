import { deliveryDefaults, prepareDelivery } from '../shared/editor/delivery';
import { useFormStyle } from '../shared/editor/form';
import { mappingEditor } from '../shared/editor/mapping';
import type { MappingTable } from '../shared/editor/mapping-table';
import { preparePropertyInput } from '../shared/editor/message-property';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import type { EditorNode, Validator } from '../shared/editor/red';
import { wholeNumber } from '../shared/editor/validate';
import type { BillingSyncProps } from './billing-sync.props';
import { syncTables, tablesOfService } from './billing-sync.tables';

/** Numbers of the statuses (3.3.2), parted as the runtime parts them; or one variable of the environment. */
const STATUSES = /^(?:[1-7](?:[,，\s]+[1-7])*|\$\{[^}\s]+\})$/;

const statusNumbers: Validator = function (this: EditorNode, value: unknown, _options: unknown) {
  if (typeof value === 'string' && STATUSES.test(value.trim())) return true;
  return `${this._('billing-sync.statuses')}: ${this._('billing-sync.invalid.statuses')}`;
};

useFormStyle();
const mapping = mappingEditor(syncTables, node =>
  tablesOfService((node as EditorNode & BillingSyncProps).service),
);

RED.nodes.registerType<BillingSyncProps>('billing-sync', {
  category: '区域互联',
  icon: 'billing-sync.svg',
  color: '#7FB0D6',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    service: { value: 'SyncAppointData' },
    property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
    propertyType: { value: 'msg' },
    maxItems: { value: '50', validate: wholeNumber('maxItems', 1, 1000) },
    statuses: { value: '1,2,3,4,5,6,7', validate: statusNumbers },
    rangeDays: { value: '30', validate: wholeNumber('rangeDays', 0, 3650) },
    debounce: { value: '0', validate: wholeNumber('debounce', 0, 3600) },
    ...deliveryDefaults,
    mapping: { value: [], validate: mapping.validate },
    sameNames: { value: true },
  },
  label() {
    return this.name || this._('billing-sync.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('billing-sync.label');
  },
  inputLabels() {
    return this._('billing-sync.input');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'billing-sync.output.accepted' : 'billing-sync.output.not-accepted');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    preparePropertyInput();
    prepareDelivery(this);
    const table = mapping.prepare(this);
    const service = $('#node-input-service');
    const show = (): void => showSettingsOf(serviceNamed(service.val()), table);
    service.on('change', show);
    show();
  },
  oneditsave() {
    this.mapping = mapping.read();
  },
});

const serviceNamed = (text: unknown): BillingSyncProps['service'] =>
  text === 'UpdateBillingInfo' || text === 'SyncAppointData' ? text : 'msg';

/** Shows the settings and fields that the chosen service has; all of them when the message chooses. */
function showSettingsOf(service: BillingSyncProps['service'], table: MappingTable): void {
  $('.billing-sync-bookings').toggle(service !== 'UpdateBillingInfo');
  $('.billing-sync-orders').toggle(service !== 'SyncAppointData');
  table.showTables(tablesOfService(service));
}
