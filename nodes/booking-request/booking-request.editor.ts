import { addressOf } from '../shared/editor/endpoint';
import { useFormStyle } from '../shared/editor/form';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import { httpPath, networkList, webAddress, wholeNumber } from '../shared/editor/validate';
import type { BookingRequestProps } from './booking-request.props';

/** The services in the order of the agreement (3.2.1 to 3.2.7): one output each. */
const SERVICES = [
  'GetExamItemList',
  'GetSignalSourceList',
  'MedicalAppoint',
  'CancelAppoint',
  'GetAppointReceipt',
  'GetAppointReceiptXml',
  'GetAppointItemInfo',
];

useFormStyle();

RED.nodes.registerType<BookingRequestProps>('booking-request', {
  category: '区域互联',
  icon: 'booking-request.svg',
  color: '#7FB0D6',
  inputs: 0,
  outputs: 7,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    path: { value: '/exchange/AppointmentDealInterface', validate: httpPath('path') },
    baseUrl: { value: '', validate: webAddress('baseUrl') },
    timeout: { value: '25', validate: wholeNumber('timeout', 1, 600) },
    maxPending: { value: '64', validate: wholeNumber('maxPending', 1, 10000) },
    repeatMinutes: { value: '30', validate: wholeNumber('repeatMinutes', 0, 1440) },
    allowedNetworks: { value: '', validate: networkList('allowedNetworks') },
    trustProxy: { value: false },
  },
  label() {
    return this.name || this._('booking-request.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('booking-request.label');
  },
  outputLabels(index) {
    return this._(`booking-request.output.${SERVICES[index] ?? ''}`);
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    const show = (): void => showAddresses(this._('booking-request.wsdl'));
    $('#node-input-path, #node-input-baseUrl').on('input change', show);
    show();
  },
});

/** Shows where the platform reaches the service, and a link to its WSDL on this Node-RED. */
function showAddresses(wsdlText: string): void {
  const path = String($('#node-input-path').val());
  const address = addressOf(path, String($('#node-input-baseUrl').val()));
  const wsdl = $('<a>', { href: `${addressOf(path)}?wsdl`, target: '_blank', rel: 'noopener' }).text(
    wsdlText,
  );
  $('#booking-request-addresses')
    .empty()
    .append($('<code>').text(address), document.createTextNode(' '), wsdl);
}
