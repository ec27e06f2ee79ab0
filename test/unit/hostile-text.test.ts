/** Texts on which an expression takes time in the square of their length, or runs out of stack. Each has held a reader. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { parseCodeTableCsv } from '../../lib/contract/code-table';
import { decodeText } from '../../lib/dicom/character-set';
import { decodeCommand } from '../../lib/dicom/command-set';
import { decodeDataSet } from '../../lib/dicom/data-set';
import { readObject } from '../../lib/dicom/part10';
import { decodeAssociateRequest } from '../../lib/dicom/pdu';
import { ExchangeError } from '../../lib/errors';
import { maskField } from '../../lib/privacy/mask';
import { shownWord } from '../../lib/privacy/shown-text';
import { openShared } from '../../lib/report-file/fetch-share';
import { safePart } from '../../lib/report-file/safe-name';
import { parseEnvelope } from '../../lib/wire/soap-parse';
import { decodeText as decodeBody } from '../../lib/wire/encoding';
import { parseAnswerJson } from '../../lib/wire/json-answer';
import { withoutTrailing } from '../../lib/trailing';
import { CT_IMAGE, SYNTAX, element, fileOf, metaOf, writeDataSet, writingOf } from '../support/dicom-files';
import { PDU, STORE_RQ, command, request } from '../support/dicom-peer';
import { coded } from '../support/report-files';

/** What took three to ten seconds takes a few milliseconds now. */
const LONGEST_MS = 500;
const MANY = 60_000;

async function quick(work: () => unknown): Promise<void> {
  const startedAt = performance.now();
  await work();
  const took = performance.now() - startedAt;
  assert.ok(took < LONGEST_MS, `${took} ms`);
}

describe('text made to keep a reader busy', () => {
  const blanks = `${' '.repeat(MANY)}x`;

  it('padding without end in a UID of an association request', () => {
    const contexts = [{ id: 1, abstractSyntax: blanks, transferSyntaxes: [SYNTAX.explicit] }];
    const bytes = request({ called: 'A', calling: 'B', maxPdu: 0, contexts });
    assert.equal(bytes[0], PDU.associateRq);
    return quick(() =>
      assert.equal(decodeAssociateRequest(bytes.subarray(6)).contexts[0]?.abstractSyntax, blanks),
    );
  });
  it('in a command', () =>
    quick(() =>
      assert.equal(decodeCommand(command({ 0x0002: blanks, 0x0100: STORE_RQ })).affectedSopClassUid, blanks),
    ));
  it('in a data set, and in its character sets', async () => {
    const encoding = writingOf(SYNTAX.explicit);
    const bytes = writeDataSet([element(0x00104000, 'UT', blanks)], encoding);
    await quick(() => decodeDataSet(bytes, encoding));
    const pairs = Buffer.alloc(12_000_000, Buffer.from('b0a1', 'hex'));
    assert.equal(isUtf8(pairs), false);
    await quick(() => assert.equal(decodeText(pairs.subarray(0, 20_000), 'ISO_IR 100', 'GB18030')[0], '啊'));
    assert.equal(typeof decodeText(pairs, 'ISO_IR 100', 'GB18030'), 'string');
  });
  it('in the meta information of a file', () =>
    quick(() =>
      assert.rejects(
        readObject(fileOf(Buffer.alloc(0), { meta: metaOf(SYNTAX.explicit, CT_IMAGE, blanks) })),
        { name: 'ExchangeError' },
      ),
    ));
  it('slashes without end in an address of a share', () =>
    quick(() =>
      assert.rejects(
        openShared(`/share/${'/'.repeat(MANY)}x/..`, { publishedAs: '', folder: '/share' }, 1),
        coded('CONTRACT'),
      ),
    ));
  it('full stops without end in a name', () =>
    quick(() => assert.match(safePart(`x${'. '.repeat(MANY)}y`), /^x[. ]+-[\da-f]{8}$/)));

  it('a long number, or a string of quotes, in an answer of JSON', async () => {
    await quick(() => assert.equal(parseAnswerJson(`{"a":${'1'.repeat(MANY)}.}`), null));
    await quick(() => assert.equal(parseAnswerJson(`{"a":"${'\\"'.repeat(MANY)}`), null));
    const long = 'a'.repeat(20_000_000);
    assert.equal(parseAnswerJson(`{"a":"${long}"}`)?.['a'], long);
  });
  it('numbers keep their digits, and their fractions', () => {
    const text =
      '{"a":12345678901234567890,"b":[-1234567890123456],"c":1234567890123456.5,"d":"12345678901234567890"}';
    assert.deepEqual(
      { ...parseAnswerJson(text) },
      {
        a: '12345678901234567890',
        b: ['-1234567890123456'],
        c: 1234567890123456.5,
        d: '12345678901234567890',
      },
    );
  });
  it('millions of comments before an envelope', () => {
    const envelope =
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><x/></e:Body></e:Envelope>';
    assert.equal(parseEnvelope('<!---->'.repeat(5_000_000) + envelope).kind, 'message');
    assert.throws(
      () => parseEnvelope(`<!-- a --> <?b?>${'<!---->'.repeat(10)}<!DOCTYPE x>${envelope}`),
      coded('NOT_SOAP'),
    );
  });
  it('trailing characters go, others stay', () => {
    assert.deepEqual(
      ['a \0 ', 'a', '  ', '', 'a b'].map(text => withoutTrailing(text, '\0 ')),
      ['a', 'a', '', '', 'a b'],
    );
  });
});

describe('what errors show of a stranger’s text', () => {
  it('no line of a code table that is no CSV', () => {
    const text = 'table,localCode,localName,platformCode,platformName\nSTD_SEX,1,"测试甲乙丙" x,1,男\n';
    assert.throws(
      () => parseCodeTableCsv(text),
      (error: unknown) =>
        error instanceof ExchangeError &&
        error.code === 'CONFIG' &&
        /line \d+ is no CSV/.test(error.message) &&
        !error.message.includes('测试甲乙丙'),
    );
  });
  it('no number of a person in a field that is not meant for one, but keys and dates as they are', () => {
    for (const [text, shown] of [
      ['000000190001010017', '**************0017'],
      ['卡 Z00000000|1', '卡 *****0000|1'],
      ['00000019000101001x', '**************001x'],
      ['20300101', '20300101'],
      ['TEST2030000001', 'TEST2030000001'],
    ] as const)
      assert.equal(maskField({}, text), shown);
    assert.equal(maskField({ key: true }, 'Z00000000'), 'Z00000000');
  });
  it('no number in what should be a name of the protocol', () => {
    assert.deepEqual(
      ['utf-8', 'soap:Server.userException', '000000190001010017-8', 'Z00000000', '测试甲<x>'].map(shownWord),
      ['utf-8', 'soap:Server.userException', '***-8', '***', 'x'],
    );
    assert.throws(
      () => decodeBody(Buffer.from('<a/>'), 'Z00000000'),
      (error: unknown) => error instanceof ExchangeError && !error.message.includes('Z00000000'),
    );
  });
});
