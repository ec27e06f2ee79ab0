// The peer of the benchmark, in a process of its own: one fixed answer of CallInterface, 0.6 KB. Sends its address.
import http from 'node:http';
import { buildResponseBytes } from '../../dist/lib/wire/soap-envelope.js';
import { buildWsdl } from '../../dist/lib/soap/wsdl.js';

const NAMESPACE = 'http://tempuri.org/';
const result = JSON.stringify({ Status: 1, Msg: '测试'.repeat(33), Total: 1, Rows: '1' });
const answer = buildResponseBytes('1.1', NAMESPACE, 'CallInterface', result);

const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    const body = request.method === 'POST' ? answer : Buffer.from(wsdl());
    response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => process.send({ url: address(), answerBytes: answer.length }));
process.on('disconnect', () => process.exit());

const address = () => `http://127.0.0.1:${server.address().port}/CallInterface.asmx`;

const wsdl = () =>
  buildWsdl({
    name: 'Bench',
    namespace: NAMESPACE,
    operations: [{ name: 'CallInterface', parameters: ['MsgHeader', 'MsgBody'] }],
    address: address(),
  });
