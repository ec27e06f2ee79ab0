// The demo for people: runs until it is stopped, and says in one line what has passed so far.
import path from 'node:path';
import { root } from '../shared.mjs';
import { startDemo } from './demo.mjs';
import { showSummary } from './summary.mjs';

/** Gives the exit code once it has been stopped. */
export async function run({ userDir = path.join(root, '.demo') } = {}) {
  const port = Number(process.env.PORT ?? 1880);
  const demo = await startDemo({ userDir, port, warnings: true }).catch(error => {
    if (error.code !== 'EADDRINUSE') throw error;
    console.error(
      `端口 ${port} 已被占用，请用环境变量 PORT 指定其他端口 | port ${port} is taken: set PORT to another one`,
    );
    return null;
  });
  if (!demo) return 1;
  console.log(`ready ${demo.url}/`);
  const summary = showSummary(demo);
  await stopSignal();
  summary.stop();
  await demo.stop();
  return 0;
}

const stopSignal = () =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
