import type { Node, NodeAPI, NodeDef } from 'node-red';
import { viewerPages } from '../../lib/contract/services';
import { ExchangeError, bilingual } from '../../lib/errors';
import { signViewerAddress } from '../../lib/viewer/viewer-address';
import { profileValues } from '../../lib/viewer/profile-values';
import { findProfile, needProfile } from '../exchange-profile/profile-node';
import { onInput } from '../shared/input';
import { valueOf } from '../shared/property';
import { statusOf } from '../shared/status';
import type { ViewerTokenCredentials, ViewerTokenProps } from './viewer-token.props';

export default function register(RED: NodeAPI): void {
  function ViewerToken(this: Node<ViewerTokenCredentials>, def: NodeDef & ViewerTokenProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) status('bad', 'no-profile');
    else if (!profileNode.secret('viewerKey')) status('bad', 'no-key');

    onInput(this, async (msg, send) => {
      const profile = needProfile(profileNode);
      const { settings } = profile.profile();
      try {
        const configured: Record<string, unknown> = {};
        for (const { name, value, type } of def.parameters ?? []) {
          const given = await valueOf(RED, this, value, type, msg);
          if (given !== '') configured[name] = given;
        }
        const { url, token, warnings } = signViewerAddress({
          page: def.page,
          baseUrl: settings.viewerUrl,
          values: [
            profileValues(def.page, settings, this.credentials?.userPwd),
            configured,
            overrides(msg.payload),
          ],
          extra: extraParameters(msg['extraParameters']),
          key: profile.secret('viewerKey'),
          timestamp: def.sendTimestamp ? Math.floor(Date.now() / 1000) : null,
        });
        for (const warning of warnings) this.warn(bilingual(warning));
        status('good', 'signed');
        Object.assign(msg, { payload: url, token });
        send(msg);
      } catch (error) {
        status('bad', 'failed');
        throw error;
      }
    });
  }
  RED.nodes.registerType('viewer-token', ViewerToken, { credentials: { userPwd: { type: 'password' } } });

  RED.httpAdmin.get(
    '/viewer-token/pages',
    RED.auth.needsPermission('viewer-token.read'),
    (_request, response) => {
      response.json(
        Object.entries(viewerPages).map(([page, { zh, fields }]) => ({
          page,
          zh,
          parameters: fields
            .filter(({ name }) => name !== 'token')
            .map(field => ({ name: field.name, zh: field.zh, en: field.en })),
        })),
      );
    },
  );
}

/** Parameters that the page does not list, as an object in `msg.extraParameters`. */
const extraParameters = (given: unknown): [string, string][] =>
  typeof given === 'object' && given !== null
    ? Object.entries(given).map(([name, value]) => [name, String(value)])
    : [];

/** `msg.payload` as an object gives values by parameter name; any other payload (an inject's time) gives none. */
function overrides(payload: unknown): Readonly<Record<string, unknown>> {
  if (typeof payload !== 'object' || payload === null) return {};
  if (!Array.isArray(payload) && !Buffer.isBuffer(payload)) return payload as Record<string, unknown>;
  throw new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: { zh: 'msg.payload 应为参数对象', en: 'msg.payload must be an object of parameters' },
  });
}
