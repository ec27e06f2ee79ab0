/** A Node-RED runtime with the nodes of this pack, its HTTP side on a port of its own. */
import { createRequire } from 'node:module';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NodeAPI, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import billingSync from '../../nodes/billing-sync/billing-sync';
import bookingRequest from '../../nodes/booking-request/booking-request';
import bookingResponse from '../../nodes/booking-response/booking-response';
import databasePoll from '../../nodes/database-poll/database-poll';
import databaseRun from '../../nodes/database-run/database-run';
import dicomPeer from '../../nodes/dicom-peer/dicom-peer';
import dicomReceive from '../../nodes/dicom-receive/dicom-receive';
import dicomRetrieve from '../../nodes/dicom-retrieve/dicom-retrieve';
import dicomSend from '../../nodes/dicom-send/dicom-send';
import dicomStation from '../../nodes/dicom-station/dicom-station';
import exchangeAlert from '../../nodes/exchange-alert/exchange-alert';
import examRegister from '../../nodes/exam-register/exam-register';
import exchangeHandover from '../../nodes/exchange-handover/exchange-handover';
import exchangeProfile from '../../nodes/exchange-profile/exchange-profile';
import exchangeStore from '../../nodes/exchange-store/exchange-store';
import hospitalDatabase from '../../nodes/hospital-database/hospital-database';
import labRegister from '../../nodes/lab-register/lab-register';
import platformSimulator from '../../nodes/platform-simulator/platform-simulator';
import reportFile from '../../nodes/report-file/report-file';
import reportQuery from '../../nodes/report-query/report-query';
import viewerToken from '../../nodes/viewer-token/viewer-token';
import type { ExchangeStoreNode } from '../../nodes/exchange-store/store-node';
import type { MessageStore } from '../../lib/store/message-store';
import { profileSettings } from './profile-settings';
import { type Listening, listen } from './raw-soap';

const NODE_RED = process.env['NODE_RED'] ?? 'node-red';
helper.init(createRequire(path.resolve('package.json')).resolve(NODE_RED));

export type FlowNode = { readonly id: string; readonly type: string } & Record<string, unknown>;
export type Message = NodeMessage & Record<string, unknown>;

/** Synthetic secrets of the profile `p`. */
export const SECRETS = {
  appId: 'PLACEHOLDER-APPID',
  certificate: 'PLACEHOLDER-CERTIFICATE',
  strCredential: 'PLACEHOLDER-CREDENTIAL',
  strKey: 'PLACEHOLDER-STRKEY',
  viewerKey: 'TEST-KEY',
};

export class TestFlow {
  #http: Listening | undefined;
  #red: NodeAPI | undefined;
  #flow: FlowNode[] = [];
  #userDir = '';
  readonly #listeners = new Map<string, Set<(msg: Message) => void>>();

  /** Base address of Node-RED's HTTP nodes. */
  get url(): string {
    return new URL(this.#http?.url ?? '').origin;
  }

  async start(): Promise<void> {
    this.#userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-'));
    helper.settings({ userDir: this.#userDir });
    await new Promise<void>(resolve => helper.startServer(resolve));
    // The test helper has no way to Node-RED's HTTP nodes but through a node.
    this.#http = await listen((request, response) => void this.#red?.httpNode(request, response));
  }

  async stop(): Promise<void> {
    await this.#http?.close();
    await new Promise<void>(resolve => helper.stopServer(resolve));
    fs.rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** Deploys nodes beside a profile `p` with synthetic secrets; every wire end may be a `helper` node. */
  async deploy(
    nodes: readonly FlowNode[],
    settings: Record<string, unknown> = {},
    credentials: Record<string, Record<string, string>> = {},
  ): Promise<void> {
    const capture = (RED: NodeAPI): void => {
      this.#red = RED;
    };
    const flow: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'p', type: 'exchange-profile', name: '', tls: '', ...profileSettings(settings) },
      ...nodes.map(node => ({ z: 'tab', ...node })),
    ];
    const types = [
      capture,
      exchangeProfile,
      exchangeStore,
      exchangeAlert,
      exchangeHandover,
      bookingRequest,
      bookingResponse,
      billingSync,
      hospitalDatabase,
      databasePoll,
      databaseRun,
      dicomPeer,
      dicomReceive,
      dicomRetrieve,
      dicomSend,
      dicomStation,
      examRegister,
      reportFile,
      reportQuery,
      labRegister,
      viewerToken,
      platformSimulator,
    ];
    this.#flow = flow;
    await helper.load(types, flow, { p: SECRETS, ...credentials });
  }

  /** Deploys a change of one node alone, as the editor does with «modified nodes». */
  async redeployOnly(id: string): Promise<void> {
    this.#flow = this.#flow.map(node => (node.id === id ? { ...node, name: 'changed' } : node));
    await helper.setFlows(this.#flow, 'nodes');
  }

  async undeploy(): Promise<void> {
    this.#listeners.clear();
    await helper.unload();
  }

  /** The next message that reaches a helper node. */
  next(id: string): Promise<Message> {
    return new Promise(resolve => {
      const listeners = this.#listenersOf(id);
      const once = (msg: Message): void => {
        listeners.delete(once);
        resolve(msg);
      };
      listeners.add(once);
    });
  }

  /** Calls back for every message that reaches a helper node. */
  each(id: string, on: (msg: Message) => void): void {
    this.#listenersOf(id).add(on);
  }

  /** One listener a node: Node-RED's own event handling loses others when one of several is removed. */
  #listenersOf(id: string): Set<(msg: Message) => void> {
    let listeners = this.#listeners.get(id);
    if (listeners) return listeners;
    this.#listeners.set(id, (listeners = new Set()));
    const all = listeners;
    helper.getNode(id).on('input', (msg: unknown) => [...all].forEach(listener => listener(msg as Message)));
    return all;
  }

  receive(id: string, msg: Record<string, unknown>): void {
    helper.getNode(id).receive(msg);
  }

  /** Texts of the statuses that a node has shown. */
  statuses(id: string): string[] {
    const node = helper.getNode(id);
    // The test helper replaces `status` of all nodes by one recorder.
    const calls = (
      node.status as unknown as { getCalls(): { thisValue: unknown; args: [{ text?: string }] }[] }
    ).getCalls();
    return calls
      .filter(({ thisValue }) => thisValue === node)
      .map(({ args: [status] }) => status.text?.split('.').pop() ?? '');
  }

  /** The message store of a store node. */
  storeOf(id: string): MessageStore {
    return (helper.getNode(id) as unknown as ExchangeStoreNode).store;
  }

  admin(): ReturnType<typeof helper.request> {
    return helper.request();
  }
}
