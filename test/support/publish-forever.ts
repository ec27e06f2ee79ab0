/** Publishes into a folder until it is killed: `node --import tsx publish-forever.ts <folder> <first version>`. */
import { Publisher } from '../../lib/report-file/publish';
import { Share } from '../../lib/report-file/share';
import { versionOf } from './versions';

const [, , folder = '', first = '0'] = process.argv;
const publisher = new Publisher({
  destination: new Share({ folder, publishedAs: '' }),
  template: 'a/{no}.{ext}',
  onConflict: 'replace',
  limits: { maxBytes: 1 << 30, timeoutMs: 60_000 },
});

async function publishForever(): Promise<void> {
  for (let version = Number(first); ; version++) {
    // Three names turn by turn, so that most publications replace a file.
    await publisher.publish(versionOf(version), () => version % 3, new AbortController().signal);
    process.stdout.write(`${version}\n`);
  }
}
void publishForever();
