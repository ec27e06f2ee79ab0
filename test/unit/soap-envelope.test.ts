import assert from 'node:assert/strict';
import { ExchangeError } from '../../lib/errors';
import {
  buildFault,
  buildRequest,
  buildRequestBytes,
  buildResponse,
  buildResponseBytes,
  parseEnvelope,
  readResult,
  readResultBytes,
  type SoapMessage,
  type SoapVersion,
} from '../../lib/wire/soap-envelope';

const NS = 'http://tempuri.org/';
const SOAP11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const HARD = '测试甲 <a b="1">&amp;</a> ]]> \r\n 第二行\t"引号" 😀𠮷 \u00a0 ¥１：';

const envelope = (body: string, namespace = SOAP11): string =>
  `<s:Envelope xmlns:s="${namespace}"><s:Body>${body}</s:Body></s:Envelope>`;
const inCall = (parameters: string): string => envelope(`<Call xmlns="${NS}">${parameters}</Call>`);

function message(text: string): SoapMessage {
  const parsed = parseEnvelope(text);
  assert.equal(parsed.kind, 'message');
  return parsed;
}

const refusal = (text: string): string => {
  try {
    parseEnvelope(text);
  } catch (error) {
    assert.ok(error instanceof ExchangeError, String(error));
    assert.equal(error.code, 'NOT_SOAP');
    return error.text.en;
  }
  return assert.fail('accepted');
};

const value = (written: string): string | null | undefined =>
  message(inCall(`<msgBody>${written}</msgBody>`)).parameters[0]?.[1];

describe('soap envelope: reading a call', () => {
  it('reads escaped text, character references and line breaks as an XML parser does', () => {
    assert.equal(value('&lt;root&gt;&amp;&quot;&apos;&#20013;&#x4e2d;&lt;/root&gt;'), `<root>&"'中中</root>`);
    assert.equal(value('a\r\nb\rc&#13;&#10;d'), 'a\nb\nc\r\nd');
  });

  it('reads CDATA whole, split and mixed with text', () => {
    assert.equal(
      value('<![CDATA[<?xml version="1.0"?><root>&amp;</root>]]>'),
      '<?xml version="1.0"?><root>&amp;</root>',
    );
    assert.equal(value('<![CDATA[a]]]]><![CDATA[>b]]>'), 'a]]>b');
    assert.equal(value('x&lt;<![CDATA[<b/>]]>&gt;y'), 'x<<b/>>y');
  });

  it('gives literal XML back as the XML text it is', () => {
    assert.equal(
      value('\n  <root a="1">\r\n<b>&lt;&#65;</b><c/></root>\n '),
      '<root a="1">\r\n<b>&lt;&#65;</b><c/></root>',
    );
    assert.equal(value('<!-- 1 --><root>甲</root>'), '<!-- 1 --><root>甲</root>');
    assert.equal(value('<root><msgBody>inner</msgBody></root>'), '<root><msgBody>inner</msgBody></root>');
  });

  it('tells nil, empty and absent apart', () => {
    const xsi = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
    assert.deepEqual(
      message(inCall(`<a i:nil="true" ${xsi}/><b i:nil="1" ${xsi}></b><c/><d></d>`)).parameters,
      [
        ['a', null],
        ['b', null],
        ['c', ''],
        ['d', ''],
      ],
    );
    assert.deepEqual(message(envelope(`<Call xmlns="${NS}"/>`)).parameters, []);
  });

  it('resolves the namespace of the call wherever it is declared', () => {
    assert.equal(message(inCall('')).namespace, NS);
    assert.equal(message(envelope('<x:Call xmlns:x="urn:a"/>')).namespace, 'urn:a');
    assert.equal(message(envelope('<Call/>')).namespace, '');
    const outer = `<s:Envelope xmlns:s="${SOAP11}" xmlns:x="urn:b"><s:Body><x:Call><x:a>1</x:a></x:Call></s:Body></s:Envelope>`;
    assert.deepEqual(
      { ...message(outer) },
      { kind: 'message', version: '1.1', operation: 'Call', namespace: 'urn:b', parameters: [['a', '1']] },
    );
  });

  it('tells the version, passes over headers, BOM, blanks and comments', () => {
    const soap12 = envelope('<Call/>', 'http://www.w3.org/2003/05/soap-envelope');
    assert.equal(message(soap12).version, '1.2');
    const headed = `\ufeff <?xml version="1.0"?><!-- <!DOCTYPE --><s:Envelope xmlns:s="${SOAP11}"><s:Header><Call><a>9</a></Call><Body><Call/></Body></s:Header><s:Body><Call><a>1</a></Call></s:Body></s:Envelope>\n`;
    assert.deepEqual(message(headed).parameters, [['a', '1']]);
  });

  it('takes a DOCTYPE inside a text for text', () => {
    assert.equal(value('<![CDATA[<!DOCTYPE html>]]>'), '<!DOCTYPE html>');
  });

  it('keeps names such as __proto__ as plain names', () => {
    assert.deepEqual(message(inCall('<__proto__>x</__proto__><constructor>y</constructor>')).parameters, [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('leaves out what XML forbids, written raw or as a reference, and nothing else', () => {
    assert.equal(value('a\u0007b&#7;c&#x1F;d\ufffee&#xFFFF;f&#65;g&#xD800;h'), 'abcdefAgh');
    assert.equal(value('\u0007<![CDATA[&#7;]]>'), '&#7;');
  });
});

const nested = (depth: number): string => inCall(`<a>${'<b>'.repeat(depth)}${'</b>'.repeat(depth)}</a>`);

describe('soap envelope: what is refused', () => {
  it('refuses a DOCTYPE before it reads any further', () => {
    const bomb = `<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY b "${'c'.repeat(50)}">]>${inCall('<a>&b;</a>')}`;
    assert.match(refusal(bomb), /DOCTYPE/);
    assert.match(refusal('<!doctype html><html><body>login</body></html>'), /DOCTYPE/);
  });

  it('refuses nesting beyond the limit', () => {
    assert.equal(message(nested(60)).parameters.length, 1);
    assert.match(refusal(nested(61)), /deeper than 64/);
    assert.match(refusal(nested(10_000)), /deeper than 64/);
    assert.throws(() => parseEnvelope(nested(3), 6), ExchangeError);
  });

  for (const [what, text] of [
    ['an empty text', ''],
    ['text', 'Service Unavailable'],
    ['HTML', '<html><body>login</body></html>'],
    ['an envelope of no SOAP namespace', envelope('<Call/>', 'urn:else')],
    ['an undeclared prefix', '<s:Envelope><s:Body><a/></s:Body></s:Envelope>'],
    ['an empty body', envelope('')],
    ['no body', `<s:Envelope xmlns:s="${SOAP11}"/>`],
    ['a truncated envelope', inCall('<a>1</a>').slice(0, -5)],
    ['two roots', `${inCall('')}<a/>`],
    ['a bare ampersand', inCall('<a>1 & 2</a>')],
    ['an undefined entity', inCall('<a>&nbsp;</a>')],
    ['a repeated attribute', inCall('<a b="1" b="2"/>')],
  ] as const) {
    it(`refuses ${what}`, () => assert.ok(refusal(text)));
  }

  it('names the place, never the content', () => {
    const text = inCall('\n<a>C00000001</b>');
    assert.match(refusal(text), /line 2, column \d+/);
    assert.doesNotMatch(refusal(text), /C00000001|<\/b>/);
  });
});

describe('soap envelope: writing', () => {
  for (const version of ['1.1', '1.2'] as const) {
    it(`round-trips hard text in a call, SOAP ${version}`, () => {
      const text = buildRequest(version, NS, 'Call', [
        ['MsgHeader', HARD],
        ['MsgBody', null],
        ['empty', ''],
      ]);
      assert.deepEqual(message(text), {
        kind: 'message',
        version,
        operation: 'Call',
        namespace: NS,
        parameters: [
          ['MsgHeader', HARD],
          ['MsgBody', null],
          ['empty', ''],
        ],
      });
    });

    it(`round-trips hard text in an answer, SOAP ${version}`, () => {
      assert.deepEqual(readResult(buildResponse(version, NS, 'Call', HARD), 'Call'), {
        kind: 'result',
        result: HARD,
      });
      assert.deepEqual(readResult(buildResponse(version, NS, 'Call', ''), 'Call'), {
        kind: 'result',
        result: '',
      });
      assert.deepEqual(readResult(buildResponse(version, NS, 'Call', null), 'Call'), { kind: 'empty' });
    });

    it(`round-trips a fault, SOAP ${version}`, () => {
      for (const code of ['client', 'server'] as const) {
        const parsed = parseEnvelope(buildFault(version, { code, reason: '请求<无效>' }));
        assert.deepEqual(parsed, {
          kind: 'fault',
          version,
          code: FAULT_CODES[version][code],
          reason: '请求<无效>',
        });
      }
    });
  }

  const FAULT_CODES = {
    '1.1': { client: 'soap:Client', server: 'soap:Server' },
    '1.2': { client: 'soap:Sender', server: 'soap:Receiver' },
  };

  it('writes the same bytes as text, forbidden characters left out', () => {
    const hard = `${HARD}\u0000\u0007\ufffe\uffff：﹏\uffef\r`;
    for (const text of [hard, '', '&'.repeat(5000), '中'.repeat(3000), `${'<'.repeat(999)}😀`]) {
      assert.equal(
        buildRequestBytes('1.1', NS, 'Call', [
          ['a', text],
          ['b', null],
          ['c', text],
        ]).toString(),
        buildRequest('1.1', NS, 'Call', [
          ['a', text],
          ['b', null],
          ['c', text],
        ]),
      );
      assert.equal(
        buildResponseBytes('1.2', NS, 'Call', text).toString(),
        buildResponse('1.2', NS, 'Call', text),
      );
    }
    assert.deepEqual(readResult(buildResponse('1.1', NS, 'Call', 'a\u0007\ufffeb'), 'Call'), {
      kind: 'result',
      result: 'ab',
    });
  });
});

const answer = (body: string): ReturnType<typeof readResult> => readResult(envelope(body), 'GetLabInfo');

describe('soap envelope: reading an answer', () => {
  it('reads the result of .NET, Java and rpc services', () => {
    for (const body of [
      `<GetLabInfoResponse xmlns="${NS}"><GetLabInfoResult>&lt;root/&gt;</GetLabInfoResult></GetLabInfoResponse>`,
      '<n:GetLabInfoResponse xmlns:n="urn:x"><return>&lt;root/&gt;</return></n:GetLabInfoResponse>',
      '<n:GetLabInfoResponse xmlns:n="urn:x"><n:getLabInfoResult>&lt;root/&gt;</n:getLabInfoResult></n:GetLabInfoResponse>',
      '<GetLabInfoResponse><GetLabInfoResult><![CDATA[<root/>]]></GetLabInfoResult></GetLabInfoResponse>',
      '<GetLabInfoResponse><GetLabInfoResult><root/></GetLabInfoResult></GetLabInfoResponse>',
    ]) {
      assert.deepEqual(answer(body), { kind: 'result', result: '<root/>' }, body);
    }
  });

  it('reads null from an answer without a result, and from nil', () => {
    const xsi = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
    assert.deepEqual(answer('<GetLabInfoResponse/>'), { kind: 'empty' });
    assert.deepEqual(
      answer(`<GetLabInfoResponse><GetLabInfoResult i:nil="true" ${xsi}/></GetLabInfoResponse>`),
      { kind: 'empty' },
    );
    assert.deepEqual(answer('<GetLabInfoResponse><GetLabInfoResult/></GetLabInfoResponse>'), {
      kind: 'result',
      result: '',
    });
  });

  it('reads faults, also misshapen ones', () => {
    assert.deepEqual(
      answer('<s:Fault><faultcode>s:Client</faultcode><faultstring>无权</faultstring><detail/></s:Fault>'),
      {
        kind: 'fault',
        code: 's:Client',
        reason: '无权',
      },
    );
    const of12 =
      '<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Server</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>rpc:x</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>' +
      '<SOAP-ENV:Reason><SOAP-ENV:Text>甲</SOAP-ENV:Text><SOAP-ENV:Text>B</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>';
    assert.deepEqual(answer(of12), { kind: 'fault', code: 'SOAP-ENV:Server', reason: '甲' });
  });

  it('takes nothing else for a success', () => {
    for (const text of [
      '',
      '<html/>',
      '{"Status":1}',
      '<unexpected xmlns="urn:x"/>',
      envelope('<GetExamInfoResponse><GetExamInfoResult>1</GetExamInfoResult></GetExamInfoResponse>'),
      envelope('<GetLabInfoResponse><other>1</other></GetLabInfoResponse>'),
      envelope('<GetLabInfo><GetLabInfoResult>1</GetLabInfoResult></GetLabInfo>'),
      envelope(''),
    ]) {
      assert.equal(readResult(text, 'GetLabInfo').kind, 'not-soap', text);
    }
  });

  it('survives 200 KB of "<" at once', () => {
    const started = performance.now();
    for (const junk of ['<', '<a', '<!--', '<?x', '<a b="', '<![CDATA[']) {
      assert.equal(readResult(junk.repeat(200_000 / junk.length), 'GetLabInfo').kind, 'not-soap');
      assert.equal(answer(junk.repeat(200_000 / junk.length)).kind, 'not-soap');
    }
    assert.ok(performance.now() - started < 2000);
  });

  it('gives the same answer on the quick way and on the full one', () => {
    const random = generator(20261123);
    let results = 0;
    for (let round = 0; round < 4000; round++) {
      const text = mutated(commonShape(random), random);
      const quick = readResult(text, 'X');
      // A comment after the root is no part of the answer, and only the full parser passes over it.
      const full = readResult(`${text}<!-- -->`, 'X');
      assert.deepEqual(comparable(quick), comparable(full), text);
      assert.deepEqual(readResultBytes(Buffer.from(text), 'X'), quick, text);
      if (quick.kind === 'result') results++;
    }
    assert.ok(
      results > 1000 && results < 3900,
      `${results} of 4000 were results: the test compares too little`,
    );
  });
});

/** The place of an error is the full parser's own affair. */
const comparable = (result: ReturnType<typeof readResult>): unknown =>
  result.kind === 'not-soap' ? { kind: result.kind } : result;

type Random = (below: number) => number;

function generator(seed: number): Random {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const FRAGMENTS = [
  '&lt;',
  '&gt;',
  '&amp;',
  '&quot;',
  '&apos;',
  '&#10;',
  '&#x4e2d;',
  '&#13;',
  '甲',
  '😀',
  'a',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '\t',
  '>',
  '"',
  ';',
  '&lt;root&gt;',
];
const ODDITIES = [
  '&',
  '&nbsp;',
  '&#7;',
  '&#0;',
  '&#xFFFE;',
  '&#X41;',
  '&#;',
  '\u0007',
  '\ufffe',
  ']]>',
  '<![CDATA[<x>]]>',
  '<b/>',
  '<!-- c -->',
  '<?pi x?>',
  '<',
  '&#xD83D;',
  '&#00000000000065;',
  '&#1114112;',
];

function commonShape(random: Random): string {
  const pick = (from: readonly string[]): string => from[random(from.length)]!;
  const blank = pick(['', '', '\n', ' \r\n\t']);
  const prefix = pick(['soap:', 's:', '']);
  const declared = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
  const version: SoapVersion = random(2) === 0 ? '1.1' : '1.2';
  const namespace = version === '1.1' ? SOAP11 : 'http://www.w3.org/2003/05/soap-envelope';
  const content = Array.from({ length: random(12) }, () =>
    pick(random(40) === 0 ? ODDITIES : FRAGMENTS),
  ).join('');
  const result = pick(['XResult', 'XResult', 'xresult', 'return', 'other']);
  return (
    pick([
      '<?xml version="1.0" encoding="utf-8"?>',
      '',
      '\ufeff',
      '<?xml version="1.0"?>\r\n',
      '<?xml version="1.1"?>',
    ]) +
    `<${prefix}Envelope ${declared}="${namespace}"${pick(['', ' xmlns:xsi="urn:i"'])}>${blank}<${prefix}Body>${blank}` +
    `<XResponse${pick([` xmlns="${NS}"`, ''])}>${blank}<${result}>${content}</${result}>${blank}</XResponse>${blank}` +
    `</${prefix}Body>${blank}</${prefix}Envelope>${blank}`
  );
}

/** Every second text loses, doubles or changes a character. */
function mutated(text: string, random: Random): string {
  if (random(2) === 0) return text;
  const at = random(text.length);
  const change = ['', text[at]!.repeat(2), '<', '>', '/', 'x', '"', '\u00a0', '\u0007'][random(9)]!;
  return (text.slice(0, at) + change + text.slice(at + 1)).replace(/\p{Cs}/gu, '');
}
