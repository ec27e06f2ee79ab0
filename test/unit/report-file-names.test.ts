/** Names and addresses of report files, whatever stands in a message. */
import assert from 'node:assert/strict';
import { checkLength, joinAddress, withoutLogin } from '../../lib/report-file/address';
import { NameTemplate, type NameValues, lookUpIn } from '../../lib/report-file/name-template';
import { isSafeSegment, safePart } from '../../lib/report-file/safe-name';
import { coded } from '../support/report-files';

/** Apart from its address: no file of this repository holds a login in an address. */
const LOGIN = 'u:p';

const values = (fields: Record<string, unknown> = {}, more: Partial<NameValues> = {}): NameValues => ({
  now: new Date(2030, 0, 2, 3),
  type: 'pdf',
  file: '',
  lookUp: name => fields[name],
  ...more,
});
const expand = (template: string, fields: Record<string, unknown> = {}): string =>
  new NameTemplate(template).expand(values(fields));

describe('names of report files', () => {
  describe('a value of the message', () => {
    for (const harmless of [
      'TESTR0001',
      '测试报告-1',
      'a b',
      'A.1',
      'x(1)',
      '100%',
      'con1',
      'COM10',
      'café',
    ]) {
      it(`stays as it is: ${harmless}`, () => assert.equal(safePart(harmless), harmless));
    }

    const hostile = [
      '..',
      '.',
      '...',
      '../../etc/passwd',
      '..\\..\\windows\\system32',
      '/etc/passwd',
      '\\\\evil\\share\\x',
      'C:\\x',
      'a:stream',
      'a/b',
      'a\\b',
      'CON',
      'con',
      'NUL.pdf',
      'aux.tar.gz',
      'COM1',
      'LPT9.x',
      'COM¹',
      'CONIN$',
      'prn ',
      'name.',
      'name ',
      ' name',
      '.htaccess',
      'LONGNA~1',
      'a\0b',
      'a\r\nb',
      'a\u001bb',
      'a\u007fb',
      '\u202egpj.exe',
      'a\u200bb',
      '\ufeffa',
      '．．／x',
      '‥',
      'a／b',
      'a＼b',
      '\ud800',
      'a*b',
      'a?b',
      'a"b',
      'a<b>c',
      'a|b',
      ' ',
      'x'.repeat(65),
      '测'.repeat(300),
    ];
    for (const value of hostile) {
      it(`becomes safe: ${JSON.stringify(value).slice(0, 40)}`, () => {
        const part = safePart(value);
        assert.notEqual(part, value);
        assert.match(part, /-[\da-f]{8}$/);
        assert.ok(isSafeSegment(part), part);
        assert.doesNotMatch(part, /[/\\:*?"<>|~\p{C}]|^\.|[. ]$/u);
        assert.doesNotMatch(part, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      });
    }

    it('never becomes the name of another value', () => {
      const all = [...hostile, 'a_b', 'a', 'name', 'x', '_'].map(safePart);
      assert.equal(new Set(all).size, all.length);
    });
  });

  describe('a template', () => {
    it('takes the date in local time, the type and fields of the message', () => {
      assert.equal(expand('{yyyy}/{MM}-{dd}_{HH}/{no}.{ext}', { no: 'R1' }), '2030/01-02_03/R1.pdf');
      assert.equal(expand('a\\b\\{ no }.pdf', { no: 17 }), 'a/b/17.pdf');
      const jpg = values({}, { type: 'jpg', file: '报告' });
      assert.equal(new NameTemplate('{file}.{ext}').expand(jpg), '报告.jpg');
      assert.equal(new NameTemplate('{file}.JPEG').expand(jpg), '报告.JPEG');
    });

    it('a value adds no folder', () => {
      const name = expand('{no}.{ext}', { no: '../../../x/y' });
      assert.match(name, /^_\.\._.._x_y-[\da-f]{8}\.pdf$/);
      assert.equal(name.includes('/'), false);
    });

    for (const wrong of [
      '',
      '/abs/{no}.pdf',
      '../{no}.pdf',
      'a/../{no}.pdf',
      './{no}.pdf',
      'a//b.pdf',
      'C:/x.pdf',
      '\\\\server\\x.pdf',
      '{no.pdf',
      'no}.pdf',
      '{}.pdf',
      'a*.pdf',
      'CON/{no}.pdf',
      'a./{no}.pdf',
      'nul.pdf',
      '{no}.pdf/',
    ]) {
      it(`is refused at once: ${wrong}`, () => assert.throws(() => new NameTemplate(wrong), coded('CONFIG')));
    }

    it('says what is missing, and takes text and numbers only', () => {
      for (const no of [undefined, null, '', '  ', {}, ['x'], true, Number]) {
        assert.throws(() => expand('{no}.{ext}', { no }), coded('CONTRACT'));
      }
      assert.throws(() => expand('{no}.{ext}'), /\{no\}/);
    });

    it('refuses an extension of another type, a whole name that is no name, and one that is too long', () => {
      assert.throws(() => expand('{no}.jpg', { no: 'a' }), coded('CONTRACT'));
      assert.throws(() => expand('{no}', { no: 'a' }), coded('CONTRACT'));
      assert.throws(() => expand('{a}{b}.{ext}', { a: 'CO', b: 'N' }), coded('CONTRACT'));
      const long = '测'.repeat(60);
      assert.throws(() => expand('{a}{b}.{ext}', { a: long, b: long }), coded('CONTRACT'));
    });
  });

  it('looks a field up in several places, in any case, along a path, and never in bytes or prototypes', () => {
    const msg = { report: { REPORT_FORM_NO: 'R1', patient: { Name: 'n' } }, empty: '' };
    const places = [msg, msg.report, { empty: 'filled' }, Buffer.from('x')];
    assert.equal(lookUpIn(places, 'report_form_no'), 'R1');
    assert.equal(lookUpIn(places, 'report.patient.name'), 'n');
    assert.equal(lookUpIn(places, 'empty'), 'filled');
    for (const name of ['length', 'constructor', 'toString', '__proto__', '0', 'report.x.y']) {
      assert.equal(lookUpIn(places, name), undefined, name);
    }
  });
});

describe('addresses for ReportFilePath', () => {
  const name = '2030/测 1#.pdf';
  const encoded = '2030/%E6%B5%8B%201%23.pdf';
  for (const [prefix, expected] of [
    ['http://10.0.0.5:1880/r', `http://10.0.0.5:1880/r/${encoded}`],
    ['ftp://10.0.0.6/', `ftp://10.0.0.6/${encoded}`],
    ['\\\\fileserver\\reports', '\\\\fileserver\\reports\\2030\\测 1#.pdf'],
    ['\\\\fileserver\\reports\\', '\\\\fileserver\\reports\\2030\\测 1#.pdf'],
    ['D:\\reports', 'D:\\reports\\2030\\测 1#.pdf'],
    ['/mnt/reports/', '/mnt/reports/2030/测 1#.pdf'],
  ] as const) {
    it(`below ${prefix}`, () => assert.equal(joinAddress(prefix, name), expected));
  }

  it('have 256 characters at most', () => {
    checkLength('测'.repeat(256));
    assert.throws(() => checkLength('x'.repeat(257)), coded('CONTRACT'));
    assert.throws(() => checkLength('x'.repeat(257)), /257.*256/);
  });

  it('hold no login', () => {
    for (const [given, plain] of [
      [`ftp://${LOGIN}@h/x`, 'ftp://h/x'],
      ['ftp://u@h', 'ftp://h'],
      [`ftp://${LOGIN}@q@h/x`, 'ftp://h/x'],
      ['http://h/a@b', 'http://h/a@b'],
      ['\\\\h\\a@b', '\\\\h\\a@b'],
    ] as const) {
      assert.deepEqual(withoutLogin(given), { address: plain, hadLogin: plain !== given });
    }
  });
});
