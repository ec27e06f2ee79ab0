/** What the dialogs of lab-register and exam-register do alike. */
import type { MappedTable } from '../../../lib/mapping/mapping-row';
import type { RegisterProps } from '../register.props';
import { deliveryDefaults, prepareDelivery } from './delivery';
import { useFormStyle } from './form';
import { mappingEditor } from './mapping';
import { preparePropertyInput } from './message-property';
import { adoptSoleProfile, profileChosen, selectSoleProfile } from './profile';
import type { NodeDefinition } from './red';

/** All but what the palette needs, which a node type says itself. The texts stand under `<type>.…`. */
export function registerEditor(
  tables: readonly MappedTable[],
): Omit<NodeDefinition<RegisterProps, never>, 'category' | 'icon' | 'color' | 'inputs' | 'outputs'> {
  useFormStyle();
  const mapping = mappingEditor(tables);
  return {
    defaults: {
      name: { value: '' },
      profile: { value: '', type: 'exchange-profile', validate: profileChosen },
      property: { value: 'payload', validate: RED.validators.typedInput('propertyType') },
      propertyType: { value: 'msg' },
      ...deliveryDefaults,
      mapping: { value: [], validate: mapping.validate },
      sameNames: { value: true },
    },
    label() {
      return this.name || this._(`${this.type}.label`);
    },
    labelStyle() {
      return this.name ? 'node_label_italic' : '';
    },
    paletteLabel() {
      return this._(`${this.type}.label`);
    },
    inputLabels() {
      return this._(`${this.type}.input`);
    },
    outputLabels(index) {
      return this._(`${this.type}.output.${index === 0 ? 'accepted' : 'not-accepted'}`);
    },
    onadd() {
      adoptSoleProfile(this);
    },
    oneditprepare() {
      selectSoleProfile(this);
      preparePropertyInput();
      prepareDelivery(this);
      mapping.prepare(this);
    },
    oneditsave() {
      this.mapping = mapping.read();
    },
  };
}
