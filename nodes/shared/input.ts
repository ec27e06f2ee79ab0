/** The one way in which every node of this pack takes input. */
import type { Node, NodeMessage, NodeMessageInFlow } from 'node-red';

export type Send = (msg: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

export type InputMessage = NodeMessageInFlow & Record<string, unknown>;

export type InputHandler = (msg: InputMessage, send: Send) => Promise<void> | void;

/**
 * Registers an input handler that always ends in `done`: an async handler that rejects would end the whole Node-RED
 * process. Errors go to Catch nodes with their `code` and `cause`.
 */
export function onInput(node: Node, handle: InputHandler): void {
  node.on('input', (msg, send, done) => {
    Promise.resolve()
      .then(() => handle(msg as InputMessage, send))
      .then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
  });
}
