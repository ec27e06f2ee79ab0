// Asks the simulator, over HTTP as anybody would, what it has received.
import { simulatorPath } from './settings.mjs';

/** `{ counts: [{ service, accepted, refused }], latest: […] }` */
export async function receivedBySimulator(url) {
  const response = await fetch(`${url}${simulatorPath}/`, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`the simulator answers ${response.status}`);
  return response.json();
}
