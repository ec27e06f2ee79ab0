// The Client of dcmjs-dimse as its documentation shows it: `stock <folder> <port>`. Prints the seconds that it took.
import fs from 'node:fs';
import path from 'node:path';
import dimse from 'dcmjs-dimse';

const { Client, constants, log, requests } = dimse;
const [folder, port] = process.argv.slice(2);
if (log.level !== undefined) log.level = 'error';

const start = performance.now();
const client = new Client();
let taken = 0;
const names = fs.readdirSync(folder);
for (const name of names) {
  const request = new requests.CStoreRequest(path.join(folder, name));
  request.on('response', response => {
    if (response.getStatus() === constants.Status.Success) taken++;
  });
  client.addRequest(request);
}
client.on('networkError', error => {
  throw error;
});
client.on('closed', () => {
  if (taken !== names.length) throw new Error('not all were taken');
  console.log(0, (performance.now() - start) / 1000);
});
client.send('127.0.0.1', Number(port), 'SENDER', 'BENCH');
