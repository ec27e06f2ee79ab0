/** The choice of the exchange profile, which most nodes need, and of the message store behind it. */
import { adoptSole, isFromEnvironment, isSet, selectSole } from './config-choice';
import type { EditorNode, Validator } from './red';

/** A node that refers to a profile. */
type ProfileUser = EditorNode & { profile: string };

/** What the checks look at of a profile. */
type Profile = EditorNode & { readonly store?: string };

/** For `onadd`. */
export const adoptSoleProfile = (node: ProfileUser): void => adoptSole(node, 'profile', 'exchange-profile');

/** For `oneditprepare`. */
export const selectSoleProfile = (node: ProfileUser): void => selectSole(node, 'profile', 'exchange-profile');

/** For `oneditprepare` of a profile. */
export const selectSoleStore = (profile: Profile): void =>
  selectSole(profile, 'store', 'exchange-store', 'node-config-input-');

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
