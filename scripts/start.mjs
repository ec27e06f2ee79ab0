// `npm start` on a fresh clone: Node-RED with the demo flow, a synthetic hospital and the platform simulator.
// `npm start -- --once`: the same in a temporary directory; every interface is exercised once, then it ends.
import { ensureBuilt, ensureInstalled } from './shared.mjs';

ensureInstalled();
ensureBuilt();
const once = process.argv.includes('--once');
// Imported only now: it needs what has just been installed and built.
const { run } = await import(once ? './demo/once.mjs' : './demo/live.mjs');
const code = await run();
process.exit(code);
