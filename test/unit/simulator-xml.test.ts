import assert from 'node:assert/strict';
import { UnreadableError } from '../../lib/simulator/platform/fault';
import { readDocument } from '../../lib/simulator/platform/xml-document';

const text = (xml: string): string => readDocument(`<a>${xml}</a>`).text;

describe("simulator's own XML reader", () => {
  it('keeps order, case, attributes and text to the letter', () => {
    const root = readDocument(
      '<?xml version="1.0" encoding="utf-8"?>\n<root T="1"><B>0001</B><b x="007"/><B> 中 </B></root>',
    );
    assert.deepEqual([root.name, root.attributes], ['root', { T: '1' }]);
    assert.deepEqual(
      root.children.map(({ name, text: held, attributes }) => [name, held, attributes]),
      [
        ['B', '0001', {}],
        ['b', '', { x: '007' }],
        ['B', ' 中 ', {}],
      ],
    );
  });

  it('decodes references and CDATA', () => {
    assert.equal(text('&lt;&amp;&#65;&#x4e2d;<![CDATA[<x>&amp;]]>'), '<&A中<x>&amp;');
    assert.equal(text('a&#13;\nb'), 'a\r\nb');
    assert.equal(text('a\r\nb'), 'a\nb', 'a raw CR LF is one LF');
  });

  it('reads raw line breaks of an attribute as blanks, as every XML reader must', () => {
    assert.equal(readDocument('<a b="1\n2\t3&#10;4&#9;5"/>').attributes['b'], '1 2 3\n4\t5');
  });

  it('ends no process with a large or deep document', () => {
    assert.equal(text('&lt;'.repeat(500_000)).length, 500_000);
    assert.throws(() => readDocument('<a>'.repeat(5000) + '</a>'.repeat(5000)), UnreadableError);
  });

  const broken: readonly (readonly [string, string])[] = [
    ['unclosed element', '<a>'],
    ['wrong nesting', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text before the root', 'junk<a/>'],
    ['no element', '<?xml version="1.0"?>'],
    ['empty text', ''],
    ['repeated attribute', '<a b="1" b="2"/>'],
    ['bare ampersand', '<a>x & y</a>'],
    ['unknown entity', '<a>&nbsp;</a>'],
    ['unknown entity in an attribute', '<a b="&bogus;"/>'],
    ['< in an attribute', '<a b="<"/>'],
    [']]> in text', '<a>]]></a>'],
    ['illegal character', '<a>\u0007</a>'],
    ['lone surrogate', '<a>\ud800</a>'],
    ['DOCTYPE', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['error element left open', '<error><error/>'],
  ];
  for (const [name, xml] of broken) {
    it(`refuses: ${name}`, () => {
      assert.throws(
        () => readDocument(xml),
        (error: unknown) =>
          error instanceof UnreadableError && /XML/.test(error.fault.zh) && !error.message.includes('junk'),
      );
    });
  }
});
