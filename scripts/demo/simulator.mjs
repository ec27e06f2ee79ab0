// Asks the simulator, over HTTP as anybody would, what it has received.
import { demoSecrets, environmentOf, simulatorPath } from './settings.mjs';

/** `{ counts: [{ service, accepted, refused }], holdings: [{ name, records, withFile }], latest: […] }` */
export const receivedBySimulator = url => getJson(`${url}${simulatorPath}/`, {});

/** The records themselves: `lab`, `exam`, `UpdateBillingInfo` or `SyncAppointData`, as the platform holds them. */
export function heldBySimulator(url, name) {
  const login = `${environmentOf(url).EXCHANGE_OPERATOR}:${demoSecrets.EXCHANGE_APP_ID}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  return getJson(`${url}${simulatorPath}/holdings/${name}`, { authorization });
}

async function getJson(address, headers) {
  const response = await fetch(address, { headers: { accept: 'application/json', ...headers } });
  if (!response.ok) throw new Error(`the simulator answers ${response.status}`);
  return response.json();
}
