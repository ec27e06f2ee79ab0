/** A published folder, read back through a real Samba server as the platform would. */
import assert from 'node:assert/strict';
import { Publisher } from '../../lib/report-file/publish';
import { Share } from '../../lib/report-file/share';
import { needsPeer, works } from '../support/peer';
import { pdf } from '../support/report-files';
import { SMBD, Samba } from '../support/smb-server';

const PREFIX = '\\\\fileserver\\reports';

describe('report files on a real Samba share', function () {
  this.timeout(30_000);
  let samba: Samba;
  before(async function () {
    needsPeer(this, 'smbd', works(SMBD, '--version'));
    needsPeer(this, 'smbclient', works('smbclient', '--version'));
    samba = await Samba.start();
  });
  after(() => samba?.close());

  const publish = async (no: string, file: Buffer): Promise<string> => {
    const publisher = new Publisher({
      destination: new Share({ folder: samba.root, publishedAs: PREFIX }),
      template: '{yyyy}\\{MM}\\{no}.{ext}',
      onConflict: 'replace',
      limits: { maxBytes: 1024 * 1024, timeoutMs: 10_000 },
      now: () => new Date(2030, 0, 2),
    });
    const { address } = await publisher.publish(file, () => no, new AbortController().signal);
    assert.ok(address.startsWith(`${PREFIX}\\`));
    return address.slice(PREFIX.length + 1);
  };

  it('are where their address says, in every version', async () => {
    for (const text of ['first', 'second']) {
      const file = pdf({ text, padding: 100_000 });
      const place = await publish('测试报告 0001', file);
      assert.equal(place, '2030\\01\\测试报告 0001.pdf');
      assert.ok(samba.read(place).equals(file));
    }
  });

  it('have names that survive the way, whatever the report was called', async () => {
    // Samba shows names that Windows forbids in a mangled form, like `_CON~1`.
    for (const no of ['../../x', 'CON', 'a:b', 'name.', 'a*?b', 'x'.repeat(200)]) {
      const place = await publish(no, pdf({ text: no }));
      assert.ok(samba.read(place).equals(pdf({ text: no })), place);
      assert.ok(samba.list('2030\\01').includes(place.split('\\').at(-1) ?? ''), place);
    }
  });
});
