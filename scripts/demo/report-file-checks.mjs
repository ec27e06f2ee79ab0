// 5.1.5: the platform fetches the file of every registered exam by its address, and nobody by any other one.
import { createRequire } from 'node:module';
import { expect } from './context.mjs';
import { demoSecrets } from './settings.mjs';

const require = createRequire(import.meta.url);
const { AddressSigner } = require('../../dist/lib/report-file/address-signer.js');

const DAY_S = 86_400;

export async function reportFiles(context) {
  const exams = (await context.held('exam')).filter(({ reportfilepath }) => reportfilepath !== '');
  expect('there are exams with a file', exams.length > 0);
  for (const { report_form_no: number, reportfilepath } of exams) {
    const response = await fetch(reportfilepath);
    const file = Buffer.from(await response.arrayBuffer());
    expect(`${number}: status ${response.status}`, response.status === 200);
    expect(`${number}: a PDF`, response.headers.get('content-type') === 'application/pdf');
    expect(`${number}: begins with %PDF-`, file.subarray(0, 5).toString('latin1') === '%PDF-');
    expect(`${number}: the hospital's own bytes`, file.equals(await context.hospital.examPdf(number)));
  }
  const [{ reportfilepath }] = exams;
  for (const [what, address] of Object.entries(badAddresses(reportfilepath))) {
    const { status } = await fetch(address);
    expect(`${what}: ${status} instead of 404`, status === 404);
  }
  return `${exams.length} 份 PDF 逐字节一致，过期、伪造的地址被拒绝`;
}

/** Made of a good address `…/<file name>?e=<seconds>&s=<signature>`. */
function badAddresses(good) {
  const changed = change => {
    const url = new URL(good);
    change(url, url.searchParams);
    return url.href;
  };
  const fileName = new URL(good).pathname.split('/').at(-1);
  const yesterday = Math.floor(Date.now() / 1000) - DAY_S;
  const signer = new AddressSigner(demoSecrets.EXCHANGE_REPORT_SIGN_KEY);
  return {
    'an expired address': changed((_, query) => {
      query.set('e', yesterday);
      query.set('s', signer.sign(fileName, yesterday));
    }),
    'a prolonged expiry': changed((_, query) => query.set('e', Number(query.get('e')) + DAY_S)),
    'another signature': changed((_, query) => query.set('s', [...query.get('s')].toReversed().join(''))),
    'no signature': changed((_, query) => query.delete('s')),
    'another file': changed(url => {
      url.pathname = url.pathname.replace(/[\da-f]{32}(?=\.pdf$)/, name => [...name].toReversed().join(''));
    }),
  };
}
