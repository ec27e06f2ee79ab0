import assert from 'node:assert/strict';
import { AsmxPlatform } from '../support/asmx-platform';
import { SOAP11, SOAP12, envelope, exchangeBytes, request } from '../support/raw-soap';
import { readStrictly } from '../support/strict-xml';

describe('the ASP.NET service of the tests is as strict as the recorded ones', () => {
  let platform: AsmxPlatform;
  const CALL = '<CallInterface xmlns="http://tempuri.org/"><MsgHeader>x测</MsgHeader></CallInterface>';

  before(async () => {
    platform = new AsmxPlatform({ GetLabInfo: '', GetExamInfo: '' });
    platform.instead.set('CallInterface', () => 'ran');
    await platform.service.listen();
  });
  after(() => platform.service.close());
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    request(platform.service.url, {
      headers: { 'Content-Type': 'text/xml; charset=utf-8', ...headers },
      body,
    });
  const given = () => platform.service.calls.at(-1)?.given;

  for (const action of ['"http://tempuri.org/CallInterface"', 'http://tempuri.org/CallInterface']) {
    it(`takes SOAPAction ${action}`, async () =>
      assert.equal((await post(envelope(CALL), { SOAPAction: action })).status, 200));
  }
  it('takes a call without SOAPAction', async () => assert.equal((await post(envelope(CALL))).status, 200));
  for (const action of ['""', '"http://tempuri.org/callinterface"', '"urn:CallInterface"']) {
    it(`answers SOAPAction ${action} with a fault`, async () => {
      const { status, text } = await post(envelope(CALL), { SOAPAction: action });
      assert.equal(status, 500);
      assert.match(text, /<faultcode>soap:Client<.*did not recognize the value of HTTP Header SOAPAction/);
    });
  }
  it('binds by case and namespace, whatever the prefix', async () => {
    await post(
      envelope('<t:CallInterface xmlns:t="http://tempuri.org/"><t:MsgBody>b</t:MsgBody></t:CallInterface>'),
    );
    assert.deepEqual(given(), { MsgHeader: null, MsgBody: 'b' });
    await post(envelope(CALL.replaceAll('MsgHeader', 'msgHeader')));
    assert.deepEqual(given(), { MsgHeader: null, MsgBody: null });
    await post(envelope(CALL.replace('<MsgHeader>', '<MsgHeader xmlns="">')));
    assert.deepEqual(given(), { MsgHeader: null, MsgBody: null });
  });
  it('damages non-ASCII text of text/xml without a charset', async () => {
    await post(envelope(CALL), { 'Content-Type': 'text/xml' });
    assert.equal(given()?.['MsgHeader'], 'x???');
  });
  it('answers both versions at one address, each in kind', async () => {
    const { status, headers, text } = await post(envelope(CALL, SOAP12), {
      'Content-Type': 'application/soap+xml; charset=utf-8; action="http://tempuri.org/CallInterface"',
    });
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^application\/soap\+xml/);
    assert.ok(text.includes(SOAP12) && !text.includes(SOAP11));
    assert.equal((await post(envelope(CALL, SOAP12))).status, 500);
  });
  for (const [what, text] of [
    ['a reference to U+0007', '&#7;'],
    ['a reference to U+0000', '&#0;'],
    ['a reference to U+FFFE', '&#xFFFE;'],
    ['U+0007 itself', '\u0007'],
    ['U+0000 itself', '\u0000'],
    ['U+FFFE itself', '\ufffe'],
  ] as const) {
    it(`answers ${what} with 400 and nothing else`, async () => {
      const { status, text: answer } = await post(envelope(CALL.replace('x测', text)));
      assert.deepEqual([status, answer], [400, '']);
    });
  }
  it('answers a DTD with 400', async () => {
    const xml = envelope(CALL).replace('?>', '?><!DOCTYPE a [<!ENTITY b "c">]>');
    assert.equal((await post(xml)).status, 400);
  });
  it('tells null from an empty text in its answers', async () => {
    const answerOf = async (result: string | null) => {
      platform.instead.set('GetExamInfo', () => result);
      return (await post(envelope('<GetExamInfo xmlns="http://tempuri.org/" />'))).text;
    };
    assert.match(await answerOf(null), /<soap:Body><GetExamInfoResponse xmlns="[^"]*" \/><\/soap:Body>/);
    assert.match(await answerOf(''), /<GetExamInfoResult \/>/);
  });
  it('says 100 Continue first when it is expected', async () => {
    const body = envelope(CALL);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const answer = await exchangeBytes(Number(new URL(platform.service.url).port), head + body);
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });
  it('turns raw line breaks of attributes into blanks, and keeps written ones', () => {
    const { attributes } = readStrictly('<a b="1\r\n2\t3" c="1&#13;&#10;2&#9;3"/>');
    assert.deepEqual(attributes, { b: '1 2 3', c: '1\r\n2\t3' });
  });
});
