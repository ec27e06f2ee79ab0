import assert from 'node:assert/strict';
import { ExchangeError } from '../../lib/errors';
import { gbkLength, utf8Length } from '../../lib/contract/text-length';
import { charsetParameter, decodeText } from '../../lib/wire/encoding';
import { encodeGbk } from '../support/gbk';

const TEXT = '<a>测试甲：１２３ abc</a>';
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

const declared = (charset: string): string => `<?xml version="1.0" encoding="${charset}"?>${TEXT}`;

describe('encoding: bytes to text', () => {
  for (const [what, from, contentType, text, charset] of [
    ['UTF-8 by default', Buffer.from(TEXT), undefined, TEXT, 'utf-8'],
    ['a UTF-8 BOM', Buffer.from(`\ufeff${TEXT}`), 'gbk', TEXT, 'utf-8'],
    ['GBK by Content-Type', encodeGbk(TEXT), 'GBK', TEXT, 'gb18030'],
    ['GB2312 by declaration', encodeGbk(declared('gb2312')), undefined, declared('gb2312'), 'gb18030'],
    ['GB18030 with four bytes', encodeGbk('<a>😀ﾊ</a>'), 'gb18030', '<a>😀ﾊ</a>', 'gb18030'],
    [
      'the Content-Type over the declaration',
      Buffer.from(declared('gbk')),
      'utf-8',
      declared('gbk'),
      'utf-8',
    ],
    ['UTF-16LE with BOM', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), undefined, TEXT, 'utf-16le'],
    ['UTF-16BE with BOM', utf16be(`\ufeff${TEXT}`), 'utf-16', TEXT, 'utf-16be'],
    ['UTF-16LE without BOM', Buffer.from(TEXT, 'utf16le'), undefined, TEXT, 'utf-16le'],
    ['UTF-16BE without BOM, labelled', utf16be(TEXT), 'utf-16', TEXT, 'utf-16be'],
    [
      'UTF-8 that calls itself UTF-16',
      Buffer.from(declared('utf-16')),
      undefined,
      declared('utf-16'),
      'utf-8',
    ],
    ['ASCII', Buffer.from('<a>x</a>'), 'us-ascii', '<a>x</a>', 'utf-8'],
    ['Latin 1', Buffer.from('<a>é</a>', 'latin1'), 'iso-8859-1', '<a>é</a>', 'iso-8859-1'],
  ] as const) {
    it(`reads ${what}`, () => assert.deepEqual(decodeText(from, contentType), { text, charset }));
  }

  it('reads a slice of a larger buffer', () => {
    const whole = Buffer.concat([Buffer.alloc(7, 'x'), encodeGbk(declared('gbk'))]);
    assert.equal(decodeText(whole.subarray(7)).text, declared('gbk'));
  });

  it('refuses an unknown charset and shows no more of it than a name', () => {
    assert.throws(
      () => decodeText(Buffer.from(TEXT), `ebcdic-<script>${'x'.repeat(99)}`),
      (error: unknown) =>
        error instanceof ExchangeError &&
        error.code === 'NOT_SOAP' &&
        !/[<>]/.test(error.message) &&
        error.message.length < 200,
    );
  });

  it('finds the charset of a Content-Type', () => {
    assert.equal(charsetParameter('text/xml; charset=utf-8'), 'utf-8');
    assert.equal(charsetParameter('application/soap+xml;action="a";Charset = "GB2312"'), 'GB2312');
    assert.equal(charsetParameter('text/xml'), undefined);
    assert.equal(charsetParameter(undefined), undefined);
  });
});

describe('encoding: byte lengths', () => {
  it('counts what the encodings really take', () => {
    for (const text of ['', 'abc', '测试甲', '１：，', 'é', '€', '😀𠮷', 'ﾊ', '\u00a0', '℃mmol/L']) {
      assert.equal(gbkLength(text), encodeGbk(text).length, text);
      assert.equal(utf8Length(text), Buffer.from(text).length, text);
    }
  });

  it('counts one byte for ASCII, two within GBK, four outside it', () => {
    assert.equal(gbkLength('abc'), 3);
    assert.equal(gbkLength('测试甲'), 6);
    assert.equal(gbkLength('龘镕'), 4);
    assert.equal(gbkLength('😀'), 4);
    assert.equal(gbkLength('é'), 2);
    assert.equal(gbkLength('ñ'), 4);
    assert.equal(utf8Length('测'.repeat(42)), 126);
  });

  it('writes the bytes that the standards name', () => {
    assert.deepEqual(encodeGbk('啊'), bytes('b0a1'));
    assert.deepEqual(encodeGbk('镕'), bytes('e946'));
    assert.deepEqual(encodeGbk('\u0080'), bytes('81308130'));
    assert.deepEqual(encodeGbk('𐀀'), bytes('90308130'));
    assert.deepEqual(encodeGbk('😀'), bytes('9439fc36'));
  });

  it('reads back every character of the basic plane that it wrote, but those of private use', () => {
    const units = Array.from({ length: 0x10000 }, (_, code) => code).filter(
      code => code < 0xd800 || code > 0xf8ff,
    );
    const all = String.fromCharCode(...units.slice(0, 30_000)) + String.fromCharCode(...units.slice(30_000));
    const read = new TextDecoder('gb18030', { ignoreBOM: true }).decode(encodeGbk(all));
    const different = units.filter((_, index) => read[index] !== all[index]);
    assert.deepEqual(
      different.map(code => code.toString(16)),
      [],
    );
  });
});
