// 5.1.6: the flow signs an address of each page and opens it; the simulator verifies the token on its own.
import { CheckFailure, expect, until } from './context.mjs';
import { receivedBySimulator } from './simulator.mjs';

export async function viewerPages(context) {
  const signers = context.withButton('viewer-token');
  for (const { id, wires } of context.nodesOf('inject')) {
    if (signers.some(signer => wires.flat().includes(signer.id))) context.press(id);
  }
  const pages = signers.map(({ page }) => page);
  const countOf = async page =>
    (await receivedBySimulator(context.url)).counts.find(({ service }) => service === page);
  await until('all four pages are opened', async () =>
    (await Promise.all(pages.map(countOf))).every(count => count !== undefined),
  );
  const { counts, latest } = await receivedBySimulator(context.url);
  const received = latest.filter(({ service }) => pages.includes(service));
  const faults = received.flatMap(({ service, violations }) =>
    violations.map(({ zh }) => `${service}: ${zh}`),
  );
  if (faults.length > 0) throw new CheckFailure(faults);
  expect(
    'each page once, none refused',
    pages.every(page =>
      counts.some(({ service, accepted, refused }) => service === page && accepted === 1 && refused === 0),
    ),
  );
  return `${pages.length} 个页面 token 校验通过`;
}
