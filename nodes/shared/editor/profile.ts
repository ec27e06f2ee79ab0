/** The choice of the exchange profile, which most nodes need. */
import type { EditorNode, Validator } from './red';

/** A node that refers to a profile. */
type ProfileUser = EditorNode & { profile: string };

/** The only profile that this node can use, if there is exactly one. */
function soleProfile(node: EditorNode): string {
  const ids: string[] = [];
  RED.nodes.eachConfig(config => {
    if (config.type === 'exchange-profile' && (!config.z || config.z === node.z)) ids.push(config.id);
  });
  return ids.length === 1 ? (ids[0] ?? '') : '';
}

/** For `onadd`: a node dragged in uses the sole profile. A pasted node is known already and keeps its choice. */
export function adoptSoleProfile(node: ProfileUser): void {
  if (!node.profile && !RED.nodes.node(node.id)) node.profile = soleProfile(node);
}

/** For `oneditprepare`: the sole profile is selected when the node has none. */
export function selectSoleProfile(node: ProfileUser): void {
  const sole = node.profile ? '' : soleProfile(node);
  if (sole) $('#node-input-profile').val(sole);
}

/** A profile is chosen, exists and has no faults of its own. */
export const profileChosen: Validator = function (this: EditorNode, value: unknown, _options: unknown) {
  if (typeof value !== 'string' || !value || value === '_ADD_') return this._('exchange.invalid.no-profile');
  if (value.startsWith('${')) return true;
  const profile = RED.nodes.node(value);
  if (!profile) return this._('exchange.invalid.no-profile');
  return profile.valid === false ? this._('exchange.invalid.faulty-profile') : true;
};
