import fs from 'node:fs';
import type { NodeAPI, NodeDef } from 'node-red';
import { CodeTables, parseCodeTableCsv } from '../../lib/contract/code-table';
import hospitals from '../../lib/contract/hospitals.json';
import { ExchangeError } from '../../lib/errors';
import { Platform } from '../../lib/profile/platform';
import { type Profile, readProfile } from '../../lib/profile/profile';
import { probeAddress } from '../../lib/soap/probe';
import { findStore } from '../exchange-store/store-node';
import { mountTest } from '../shared/test-route';
import { tlsOf } from '../shared/tls';
import type { ProfileProps } from './exchange-profile.props';
import { type ExchangeProfileNode, usableProfile } from './profile-node';

export default function register(RED: NodeAPI): void {
  function ExchangeProfile(this: ExchangeProfileNode, def: NodeDef & ProfileProps): void {
    RED.nodes.createNode(this, def);
    let profile: Profile | undefined;
    let platform: Platform | undefined;
    this.secret = name => this.credentials?.[name] ?? '';
    this.profile = () => (profile ??= readProfile(def, loadCodeTables(def.codeTableFile)));
    const access = { ...tlsOf(RED, def.tls), ...basicOf(this) };
    Object.assign(this, { access });
    this.platform = () => (platform ??= new Platform(this.profile(), access));
    this.store = () => findStore(RED, def.store);
    // A setting that cannot be used is said now, not at the first patient; every node that uses the profile shows it.
    usableProfile(this);
    this.on('close', (_removed: boolean, done: () => void) => {
      // Calls at work are aborted by their own nodes; an error of closing a socket changes nothing.
      (platform?.close() ?? Promise.resolve()).then(done, done);
    });
  }
  RED.nodes.registerType('exchange-profile', ExchangeProfile, {
    credentials: {
      appId: { type: 'password' },
      certificate: { type: 'password' },
      strCredential: { type: 'password' },
      strKey: { type: 'password' },
      viewerKey: { type: 'password' },
      basicUser: { type: 'text' },
      basicPassword: { type: 'password' },
    },
  });

  RED.httpAdmin.get(
    '/exchange-profile/hospitals',
    RED.auth.needsPermission('exchange-profile.read'),
    (_request, response) => {
      response.json(hospitals);
    },
  );
  mountTest(RED, {
    type: 'exchange-profile',
    path: 'test',
    test: ({ target, url = '', timeout, tls }) =>
      probeAddress({
        url,
        soap: target !== 'viewer',
        timeoutMs: Math.min(Number(timeout) || 10, 30) * 1000,
        ...tlsOf(RED, tls),
      }),
  });
}

function basicOf(node: ExchangeProfileNode): { basic?: { user: string; password: string } } {
  const user = node.secret('basicUser');
  return user ? { basic: { user, password: node.secret('basicPassword') } } : {};
}

function loadCodeTables(file: string): CodeTables {
  if (!file) return new CodeTables();
  try {
    return new CodeTables(parseCodeTableCsv(fs.readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof ExchangeError ? error.text : { zh: '读不到', en: 'it cannot be read' };
    throw new ExchangeError({
      code: 'CONFIG',
      retry: 'never',
      text: {
        zh: `代码表文件无法使用：${why.zh}`,
        en: `the code table file cannot be used: ${why.en}`,
      },
    });
  }
}
