import {
  type FaultTarget,
  faultText,
  imageFaultNames,
  soapFaultNames,
} from '../../lib/simulator/faults/fault-kinds';
import { scenarioFiles } from '../../lib/simulator/scenario-files';
import { optionalAeTitle } from '../shared/editor/dicom';
import { addressOf } from '../shared/editor/endpoint';
import { useFormStyle } from '../shared/editor/form';
import { inLanguage } from '../shared/editor/language';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from '../shared/editor/profile';
import type { EditorNode } from '../shared/editor/red';
import { httpPath, optionalNumber, webAddress } from '../shared/editor/validate';
import type { PlatformSimulatorProps } from './platform-simulator.props';

/** Where the simulator offers the platform's services, below its path. */
const SERVICES = {
  callInterface: '/CallInterface.asmx',
  archive: '/sehr.service.auto/IAutoReport.asmx',
  viewer: '/IDCAS/Interface',
};

useFormStyle();

RED.nodes.registerType<PlatformSimulatorProps>('platform-simulator', {
  category: '区域互联',
  icon: 'platform-simulator.svg',
  color: '#C9B287',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', validate: profileChosen },
    path: { value: '/simulator', validate: httpPath('path') },
    bookingUrl: {
      value: 'http://127.0.0.1:1880/exchange/AppointmentDealInterface',
      validate: webAddress('bookingUrl'),
    },
    imageAeTitle: { value: '', validate: optionalAeTitle('imageAeTitle') },
    imagePort: { value: '', validate: optionalNumber('imagePort', 1, 65_535) },
    preset: { value: '' },
  },
  label() {
    return this.name || this._('platform-simulator.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('platform-simulator.label');
  },
  inputLabels() {
    return this._('platform-simulator.input');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'platform-simulator.output.received' : 'platform-simulator.output.answer');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    selectSoleProfile(this);
    offerPresets(this);
    const show = (): void => showAddresses(this);
    $('#node-input-path').on('input change', show);
    show();
  },
});

/** Shows what to put into the profile, and a link to the page of received messages. */
function showAddresses(node: EditorNode): void {
  const base = addressOf(String($('#node-input-path').val())).replace(/\/+$/, '');
  const lines = Object.entries(SERVICES).map(([name, path]) =>
    $('<div>').append(
      document.createTextNode(`${node._(`platform-simulator.address.${name}`)} `),
      $('<code>').text(base + path),
    ),
  );
  const journal = $('<a>', { href: `${base}/`, target: '_blank', rel: 'noopener' });
  journal.text(node._('platform-simulator.address.journal'));
  $('#platform-simulator-addresses').empty().append(lines, journal);
}

/** The faults of both tables and the scenarios, in the user's language. */
function offerPresets(node: EditorNode & { readonly preset: string }): void {
  const choice = $('#node-input-preset').empty();
  const group = (name: string, options: readonly JQuery[]): JQuery =>
    $('<optgroup>', { label: node._(`platform-simulator.presets.${name}`) }).append(...options);
  const faults = (target: FaultTarget, names: readonly string[]): JQuery[] =>
    names.map(name => option(`${target}:${name}`, `${name} ${inLanguage(faultText(target, name))}`));
  choice.append(
    option('', node._('platform-simulator.presets.none')),
    group(
      'scenario',
      scenarioFiles.map(({ name, ...text }) => option(`scenario:${name}`, inLanguage(text))),
    ),
    group('soap', faults('soap', soapFaultNames)),
    group('dicom', faults('dicom', imageFaultNames)),
  );
  choice.val(node.preset ?? '');
}

const option = (value: string, text: string): JQuery => $('<option>', { value }).text(text);
