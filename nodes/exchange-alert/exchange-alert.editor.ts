import { showCases } from '../shared/editor/cases';
import { useFormStyle } from '../shared/editor/form';
import { adoptSoleProfile, profileChosen } from '../shared/editor/profile';
import { isSet } from '../shared/editor/config-choice';
import type { EditorNode, Validator } from '../shared/editor/red';
import { runTest } from '../shared/editor/test-button';
import { optionalNumber, timesOfDay, wholeNumber } from '../shared/editor/validate';
import type { AlertProps } from './exchange-alert.props';

/** Topics that have limits of their own. */
const WITH_LIMITS = ['queue', 'waiting', 'disk', 'certificates'] as const;

useFormStyle();

RED.nodes.registerType<AlertProps>('exchange-alert', {
  category: '区域互联',
  icon: 'exchange-alert.svg',
  color: '#E3A29B',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    profile: { value: '', type: 'exchange-profile', required: false, validate: ifChosen(profileChosen) },
    store: { value: '', type: 'exchange-store', required: false },
    delivery: { value: true },
    queue: { value: true },
    waiting: { value: true },
    disk: { value: true },
    certificates: { value: true },
    audit: { value: true },
    databases: { value: true },
    queueMinutes: { value: '30', validate: wholeNumber('queueMinutes', 1, 100_000) },
    waitingCount: { value: '20', validate: wholeNumber('waitingCount', 0, 1_000_000) },
    diskPercent: { value: '5', validate: optionalNumber('diskPercent', 0, 99) },
    diskMiB: { value: '2048', validate: optionalNumber('diskMiB', 0, 1_048_576) },
    certificateDays: { value: '30', validate: wholeNumber('certificateDays', 1, 365) },
    reminderHours: { value: '4', validate: wholeNumber('reminderHours', 1, 168) },
    settleMinutes: { value: '5', validate: wholeNumber('settleMinutes', 0, 1440) },
    perHour: { value: '12', validate: wholeNumber('perHour', 1, 1000) },
    quietHours: { value: '', validate: timesOfDay('quietHours') },
    language: { value: 'zh' },
    short: { value: false },
  },
  label() {
    return this.name || this._('exchange-alert.label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('exchange-alert.label');
  },
  inputLabels() {
    return this._('exchange-alert.input');
  },
  outputLabels() {
    return this._('exchange-alert.output');
  },
  onadd() {
    adoptSoleProfile(this);
  },
  oneditprepare() {
    for (const topic of WITH_LIMITS) $(`#node-input-${topic}`).on('change', showLimits);
    showLimits();
    $('#exchange-alert-test').on('click', event => {
      runTest(this, $(event.currentTarget), $('#exchange-alert-result'), 'exchange-alert/test', {});
    });
  },
});

/** A limit matters only where its topic is watched. */
function showLimits(): void {
  showCases(
    $('.exchange-alert-form'),
    WITH_LIMITS.filter(topic => $(`#node-input-${topic}`).prop('checked')),
  );
}

/** None need be chosen. */
function ifChosen(check: Validator): Validator {
  // Node-RED shows a reason only of a function that declares both parameters.
  return function (this: EditorNode, value: unknown, options: unknown) {
    return isSet(value) ? check.call(this, value, options) : true;
  };
}
