import assert from 'node:assert/strict';
import { SaxesParser } from 'saxes';
import { cdata, decodeReference, escapeAttribute, escapeText, stripIllegal } from '../../lib/wire/xml-text';
import { unescapeBytes, XmlByteWriter } from '../../lib/wire/xml-bytes';

/** What a strict parser reads from `<r a="…">…</r>`. */
function readBack(attribute: string, content: string): { attribute: string | undefined; text: string } {
  const parser = new SaxesParser({ xmlns: false });
  const read: { attribute: string | undefined; text: string } = { attribute: undefined, text: '' };
  parser.on('error', error => assert.fail(error));
  parser.on('opentag', tag => (read.attribute = tag.attributes['a']));
  parser.on('text', text => (read.text += text));
  parser.on('cdata', text => (read.text += text));
  parser.write(`<r a="${attribute}">${content}</r>`).close();
  return read;
}

const HARD = `检查所见：1.<肺> & "纵隔"\r\n2.'心'\t]]> &amp; &#10; 😀\u00a0\u2028`;

describe('xml text', () => {
  it('survives a strict parser in an attribute, in an element and in CDATA', () => {
    assert.deepEqual(readBack(escapeAttribute(HARD), escapeText(HARD)), { attribute: HARD, text: HARD });
    assert.equal(readBack('', cdata('a]]>b]]]]>>c')).text, 'a]]>b]]]]>>c');
  });

  it('writes line breaks of attributes as references', () => {
    assert.equal(escapeAttribute('一\r\n二\t三'), '一&#13;&#10;二&#9;三');
  });

  it('leaves out forbidden characters where it escapes', () => {
    const every = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join('');
    assert.equal(escapeText(`${every}\ufffe\uffffx`), '\t\n&#13;x');
    assert.equal(escapeAttribute(`${every}\ufffe\uffffx`), '&#9;&#10;&#13;x');
  });

  it('counts forbidden characters and lone surrogates', () => {
    assert.deepEqual(stripIllegal('一\u0007二\ud83d三\ude00四😀\uffff\t\r\n'), {
      text: '一二三四😀\t\r\n',
      removed: 4,
    });
    assert.deepEqual(stripIllegal('一😀'), { text: '一😀', removed: 0 });
  });

  it('decodes references', () => {
    const read = [
      'lt',
      'gt',
      'amp',
      'quot',
      'apos',
      '#65',
      '#x4e2d',
      '#128512',
      '#7',
      '#xD800',
      '#x110000',
    ].map(decodeReference);
    assert.deepEqual(read, ['<', '>', '&', '"', "'", 'A', '中', '😀', '', '', '']);
    for (const none of ['', 'nbsp', '#', '#x', '#X41', '#1a', 'LT'])
      assert.equal(decodeReference(none), undefined);
  });
});

describe('xml bytes', () => {
  it('writes what escapeText writes, however small the first guess', () => {
    for (const text of [HARD, '&'.repeat(1000), '：'.repeat(1000), '<\ufffe>\uffff&', 'x'.repeat(5000)]) {
      const bytes = new XmlByteWriter(1).raw('<根>').text(text).raw('</根>').text(text).bytes();
      assert.equal(bytes.toString(), `<根>${escapeText(text)}</根>${escapeText(text)}`);
    }
  });

  it('escapes twice what escapeText escapes twice, however small the first guess', () => {
    for (const text of [HARD, '&'.repeat(1000), '：'.repeat(1000), '<\ufffe>\uffff&', '😀<'.repeat(500)]) {
      const bytes = new XmlByteWriter(1).textTwice(text).copy(Buffer.from('</根>')).textTwice(text).bytes();
      assert.equal(bytes.toString(), `${escapeText(escapeText(text))}</根>${escapeText(escapeText(text))}`);
    }
    assert.equal(new XmlByteWriter(1).textTwice('半\ud83d个\ude00字\ud83d').bytes().toString(), '半个字');
  });

  it('reads back what it wrote', () => {
    const bytes = new XmlByteWriter(16).text(HARD).bytes();
    assert.equal(unescapeBytes(bytes), HARD);
  });

  it('judges nothing that is not plain content', () => {
    for (const odd of ['&', '&nbsp;', '&amp', 'a<b', ']]>', '&#x;', '&longerthanany;']) {
      assert.equal(unescapeBytes(Buffer.from(odd)), undefined, odd);
    }
  });
});
