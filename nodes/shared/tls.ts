/** Core's tls-config node: it fills TLS options, from files or from its own credentials. */
import type { Node, NodeAPI } from 'node-red';
import type { SoapTlsOptions } from '../../lib/soap/client';

interface TlsConfigNode extends Node {
  addTLSOptions(options: Record<string, unknown>): SoapTlsOptions;
}

/** The options of a tls-config node; none when it is not chosen, or not there. */
export function tlsOf(RED: NodeAPI, id: string | undefined): { tls?: SoapTlsOptions } {
  const node = id ? (RED.nodes.getNode(id) as TlsConfigNode | null) : null;
  return node ? { tls: node.addTLSOptions({}) } : {};
}
