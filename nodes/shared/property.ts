/** Values that a node takes from the message, by a typed input. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';

/** Evaluates a typed input; rejects with the evaluation's own error. */
export const valueOf = (
  RED: NodeAPI,
  node: Node,
  value: string,
  type: string,
  msg: NodeMessage,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, msg, (error: Error | null, result: unknown) => {
      if (error) reject(error);
      else resolve(result);
    });
  });

/** A whole number from a setting's text; the fallback when it is empty or no number in range. */
export function wholeNumber(text: string | undefined, fallback: number, least = 1): number {
  const value = Number(text);
  return text !== undefined && text !== '' && Number.isInteger(value) && value >= least ? value : fallback;
}
