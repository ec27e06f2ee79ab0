/** The choice of config nodes: the only one there is gets selected, and what is needed must be usable. */
import type { ConfigType, EditorNode, Validator } from './red';

/** The only config node of a type that this node can use, if there is exactly one. */
function soleConfig(type: ConfigType, node: EditorNode): string {
  const ids: string[] = [];
  RED.nodes.eachConfig(config => {
    if (config.type === type && (!config.z || config.z === node.z)) ids.push(config.id);
  });
  return ids.length === 1 ? (ids[0] ?? '') : '';
}

/** For `onadd`: a node dragged in uses the sole one. A pasted node is known already and keeps its choice. */
export function adoptSole<Name extends string>(
  node: EditorNode & Record<Name, string>,
  property: Name,
  type: ConfigType,
): void {
  const chosen: Record<Name, string> = node;
  if (!chosen[property] && !RED.nodes.node(node.id)) chosen[property] = soleConfig(type, node);
}

/** For `oneditprepare`: the sole one is selected when the node has none. `prefix` is that of the form's fields. */
export function selectSole<Name extends string>(
  node: EditorNode & Partial<Record<Name, string>>,
  property: Name,
  type: ConfigType,
  prefix = 'node-input-',
): void {
  const sole = node[property] ? '' : soleConfig(type, node);
  if (sole) $(`#${prefix}${property}`).val(sole);
}

export const isSet = (id: unknown): id is string => typeof id === 'string' && id !== '' && id !== '_ADD_';

/** A subflow may take the config node from its environment. */
export const isFromEnvironment = (id: string): boolean => id.startsWith('${');

/** One is chosen where the node needs one, exists, and has no faults of its own. */
export const configChosen = <Node extends EditorNode>(
  property: string,
  needed: (node: Partial<Node>) => boolean = () => true,
): Validator =>
  function (this: EditorNode, value: unknown, _options: unknown) {
    if (!needed(this as unknown as Partial<Node>)) return true;
    const reason = (text: string): string => `${this._(`${this.type}.${property}`)}: ${text}`;
    if (!isSet(value)) return reason(this._('exchange.invalid.choose'));
    if (isFromEnvironment(value)) return true;
    const config = RED.nodes.node(value);
    if (!config) return reason(this._('exchange.invalid.lost'));
    return config.valid === false ? reason(this._('exchange.invalid.faulty')) : true;
  };

/** None, or one that exists and has no faults of its own. */
export const configIfAny = (property: string): Validator => {
  const check = configChosen(property);
  return function (this: EditorNode, value: unknown, options: unknown) {
    return isSet(value) ? check.call(this, value, options) : true;
  };
};
