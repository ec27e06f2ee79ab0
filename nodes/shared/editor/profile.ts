/** The choice of the exchange profile, which most nodes need, and of the message store behind it. */
import type { EditorNode, Validator } from './red';

/** A node that refers to a profile. */
type ProfileUser = EditorNode & { profile: string };

/** What the checks look at of a profile. */
type Profile = EditorNode & { readonly store?: string };

/** The only config node of a type that this node can use, if there is exactly one. */
function soleConfig(type: 'exchange-profile' | 'exchange-store', node: EditorNode): string {
  const ids: string[] = [];
  RED.nodes.eachConfig(config => {
    if (config.type === type && (!config.z || config.z === node.z)) ids.push(config.id);
  });
  return ids.length === 1 ? (ids[0] ?? '') : '';
}

/** For `onadd`: a node dragged in uses the sole profile. A pasted node is known already and keeps its choice. */
export function adoptSoleProfile(node: ProfileUser): void {
  if (!node.profile && !RED.nodes.node(node.id)) node.profile = soleConfig('exchange-profile', node);
}

/** For `oneditprepare`: the sole profile is selected when the node has none. */
export function selectSoleProfile(node: ProfileUser): void {
  const sole = node.profile ? '' : soleConfig('exchange-profile', node);
  if (sole) $('#node-input-profile').val(sole);
}

/** For `oneditprepare` of a profile: the sole store is selected when the profile has none. */
export function selectSoleStore(profile: Profile): void {
  const sole = profile.store ? '' : soleConfig('exchange-store', profile);
  if (sole) $('#node-config-input-store').val(sole);
}

const isSet = (id: unknown): id is string => typeof id === 'string' && id !== '' && id !== '_ADD_';

/** A subflow may take the config node from its environment. */
const isFromEnvironment = (id: string): boolean => id.startsWith('${');

/** A profile is chosen, exists and has no faults of its own. */
export const profileChosen: Validator = function (this: EditorNode, value: unknown, _options: unknown) {
  if (!isSet(value)) return this._('exchange.invalid.no-profile');
  if (isFromEnvironment(value)) return true;
  const profile = RED.nodes.node(value);
  if (!profile) return this._('exchange.invalid.no-profile');
  return profile.valid === false ? this._('exchange.invalid.faulty-profile') : true;
};

/** Of a profile: a store need not be chosen, since what is sent directly needs none; a chosen one must be usable. */
export const storeUsable: Validator = function (this: EditorNode, value: unknown, _options: unknown) {
  if (!isSet(value) || isFromEnvironment(value)) return true;
  const store = RED.nodes.node(value);
  if (!store) return this._('exchange.invalid.lost-store');
  return store.valid === false ? this._('exchange.invalid.faulty-store') : true;
};

/** Of a node's `delivery`: what is delivered durably needs the store of the profile. */
export const storeChosen: Validator = function (this: EditorNode, value: unknown, _options: unknown) {
  if (value === 'direct' || (typeof value === 'string' && isFromEnvironment(value))) return true;
  const { profile: id } = this as Partial<ProfileUser>;
  if (!isSet(id) || isFromEnvironment(id)) return true;
  const profile: Profile | null = RED.nodes.node(id);
  return !profile || isSet(profile.store) ? true : this._('exchange.invalid.no-store');
};
