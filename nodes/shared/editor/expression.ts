/** True when Node-RED can compile the JSONata; an empty text is a fault of another kind. */
export const isExpression = (text: string): boolean =>
  text.trim() === '' || RED.utils.validateTypedProperty(text, 'jsonata', {}) === true;
