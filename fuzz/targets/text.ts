/** XML and JSON of the platform and of the hospitals, as text. */
import { parseEnvelope } from '../../lib/wire/soap-parse';
import { readResult, readResultBytes, resultPieces } from '../../lib/wire/soap-envelope';
import type { SoapCaller } from '../../lib/soap/caller';
import { readCallAnswer } from '../../lib/sync/call-interface';
import { queryReports } from '../../lib/report/report-query';
import { readArchive } from '../../lib/simulator/platform/archive';
import { writeArchiveDocument } from '../../lib/wire/archive-document';
import { reports } from '../../lib/contract/services';
import { getExamItemListItem } from '../../lib/contract/tables/booking';
import { escapedRecordWriter } from '../../lib/wire/escaped-records';
import { XmlByteWriter } from '../../lib/wire/xml-bytes';
import { escapeText } from '../../lib/wire/xml-text';
import { readXml, readXmlTolerant, valuesOf } from '../../lib/wire/xml-read';
import { repairXml } from '../../lib/wire/xml-repair';
import { readRows } from '../../lib/wire/xml-rows';
import { parseAnswerJson } from '../../lib/wire/json-answer';
import { shownText } from '../../lib/privacy/shown-text';
import { damaged, pick } from '../mutate';
import { samples } from '../samples';
import { Finding, PATIENT, type Target } from '../target';

export const XML_WORDS = [
  '<', '>', '</', '/>', '<a>', '</a>', '<root>', '<item>', '<lab_subitem>', '</lab_subitem>', '<labmaster>',
  '&', '&amp;', '&lt;', '&#0;', '&#x110000;', '&#x', ';', '<![CDATA[', ']]>', '<!--', '-->', '<!---->', '<?x', '?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', '"', "'", '=', ' ', '\n', '\t', '\0', '\uFEFF', '\uFFFE', '\uD800',
  '<__proto__>', '<constructor>', ' __proto__="x"', ' pacs_id=""', '<error><error/>', 'xsi:nil="true"',
  'xmlns=""', 'xmlns:a="b"', `>${PATIENT.name}<`, `>${PATIENT.id}<`, `>${PATIENT.card}<`,
]; // prettier-ignore

const bytesOf = (words: readonly string[]): Buffer[] => words.map(word => Buffer.from(word));
export const XML_TELLING = bytesOf(XML_WORDS);

const envelopes = [
  ...samples(/soap\./),
  ...samples(/GetLabInfo|GetExamInfo/).flatMap(text =>
    ['GetLabInfo', 'GetExamInfo'].map(
      method =>
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">' +
        `<s:Body><${method}Response xmlns="http://tempuri.org/"><${method}Result>${escapeText(text)}` +
        `</${method}Result></${method}Response></s:Body></s:Envelope>`,
    ),
  ),
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>' +
    '<faultstring>x</faultstring></s:Fault></s:Body></s:Envelope>',
].map(text => Buffer.from(text));

export const envelopeTarget: Target = {
  name: 'envelope',
  usualCount: 100_000,
  input: chance => damaged(chance, pick(chance, envelopes), XML_TELLING),
  async run(input, tried) {
    const text = input.toString();
    await tried('parseEnvelope', () => parseEnvelope(text));
    await tried('readResult', () => {
      const [one, other] = [readResult(text, 'GetLabInfo'), readResultBytes(Buffer.from(text), 'GetLabInfo')];
      if (JSON.stringify(one) !== JSON.stringify(other))
        throw new Finding('text and bytes are read differently');
    });
    await tried('resultPieces', () => [...(resultPieces(input, 'GetLabInfo') ?? [])]);
  },
};

const documents = samples(/\.xml$/).map(text => Buffer.from(text));
const ROWS = new Set(['lab_subitem', 'labmaster', 'lab_master', 'exam_master', 'item']);

/** An answer that is already here. */
const answering = (text: string): SoapCaller => ({
  call: () => Promise.reject(new Error('not asked for')),
  callInPieces: () => {
    const half = Math.floor(text.length / 2);
    const pieces = [text.slice(0, half), text.slice(half)];
    return Promise.resolve({ pieces, whole: () => text, durationMs: 0, bytes: text.length });
  },
  close: () => Promise.resolve(),
});

const QUERY = { cardNo: PATIENT.card, idNo: PATIENT.id, startTime: '', endTime: '' };
const SECRETS = { strCredential: 'c', strKey: 'k' };
const CHECK = { validation: 'strict', lengthUnit: 'char' } as const;

export const xmlTarget: Target = {
  name: 'xml',
  usualCount: 100_000,
  input: chance => damaged(chance, pick(chance, documents), XML_TELLING),
  async run(input, tried) {
    const text = input.toString();
    await tried('readXml', () => valuesOf(readXml(text)));
    await tried('readXmlTolerant', () => valuesOf(readXmlTolerant(text).root));
    await tried('repairXml', () => repairXml(text));
    await tried('readRows', () => readRows([text], ROWS, ({ values }) => Object.keys(values)));
    await tried('queryReports', () =>
      queryReports(answering(text), 'GetLabInfo', QUERY, SECRETS, 'documented'),
    );
    await tried('readArchive', () => readArchive(text, { orgCode: 'x', check: CHECK }));
    await tried('shownText', () => shownText(text, [text.slice(0, 100), PATIENT.card]));
  },
};

/** What we write must be read again, whatever the values are. */
export const writtenTarget: Target = {
  name: 'written',
  usualCount: 100_000,
  input: chance =>
    damaged(
      chance,
      Buffer.from(pick(chance, XML_WORDS) + pick(chance, XML_WORDS) + PATIENT.name),
      XML_TELLING,
    ),
  async run(input, tried) {
    // Both documents hold it in every eighth field.
    const value = input.toString().slice(0, 10_000);
    const { fields } = getExamItemListItem;
    await tried('escapedRecordWriter', () => {
      const out = new XmlByteWriter(64);
      escapedRecordWriter(getExamItemListItem).write(
        { values: fields.map((_, at) => (at % 8 === 0 ? value : 'x')) },
        out,
      );
      const inner = readXml(`<r>${out.bytes().toString()}</r>`).text;
      const read = readXml(`<r>${inner}</r>`);
      if (read.children.length !== fields.length) throw new Finding('a value has become markup');
    });
    await tried('writeArchiveDocument', () => {
      const record = Object.fromEntries(
        reports.exam.master.fields.flatMap(field => ('attribute' in field ? [[field.attribute, value]] : [])),
      );
      const { xml } = writeArchiveDocument(
        [{ table: reports.exam.master, records: [record] }],
        {
          orgCode: value,
          orgName: value,
          dateStyle: 'table',
          subItemLayout: 'repeat',
          sendApplyFormNo: true,
        },
        new Date(0),
      );
      if (readXml(xml).children.length !== 2) throw new Finding('a value has become markup');
    });
  },
};

const JSON_WORDS = [
  '{', '}', '[', ']', '"', '\\"', '\\', '\\u0000', ':', ',', '：', '，', '“', '”', '｛', '｝', ', ', 'null', 'true',
  '1', '12345678901234567890', '-', '.', 'e', '1.', '"__proto__":', '"constructor":', '"Status":', '"status":1',
  '\uFEFF', ' ', '<string>', '</string>', `"${PATIENT.name}"`, `"${PATIENT.card}"`,
]; // prettier-ignore

const answers = [
  ...samples(/\.json$/).filter(text => text.length < 3000),
  '{"Status":1,"Msg":"","Total":"1","Rows":[{"id":12345678901234567890}]}',
  '{“Status”：“1”，“Msg”：“”，}',
  '"{\\"Status\\":1}"',
  '<string xmlns="http://tempuri.org/">{"Status":"1","Msg":""}</string>',
].map(text => Buffer.from(text));

export const jsonTarget: Target = {
  name: 'json',
  usualCount: 100_000,
  input: chance => damaged(chance, pick(chance, answers), bytesOf(JSON_WORDS)),
  async run(input, tried) {
    const text = input.toString();
    await tried('parseAnswerJson', () => parseAnswerJson(text));
    await tried('readCallAnswer', () => readCallAnswer(text));
  },
};
