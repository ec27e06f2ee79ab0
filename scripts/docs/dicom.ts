/** The DICOM conformance statement, in the outline of PS3.2, from the tables of lib/dicom. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DECODER_NAMES, DESIGNATIONS } from '../../lib/dicom/character-set';
import { LONGEST_DATA_SET } from '../../lib/dicom/data-set';
import { isDecompressible } from '../../lib/dicom/decompress';
import { DEEPEST_NESTING } from '../../lib/dicom/element-reader';
import { refusalStatus } from '../../lib/dicom/object-folder';
import {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION,
  MOST_ASSOCIATION_PDU_BYTES,
} from '../../lib/dicom/pdu';
import type { Rejection } from '../../lib/dicom/protocol-failure';
import { isRecodable } from '../../lib/dicom/recode';
import { MOST_CONTEXTS } from '../../lib/dicom/request-association';
import { COMPRESSED_SYNTAXES } from '../../lib/dicom/retrieve-scu';
import { readPeer, readStation } from '../../lib/dicom/settings';
import {
  STORAGE_CLASSES,
  STORAGE_COMMITMENT,
  VERIFICATION,
  queryRetrieve,
} from '../../lib/dicom/sop-classes';
import { STATUS_WORDS, mayPass, statusClass, statusHex } from '../../lib/dicom/status';
import { CALLED_UNKNOWN, CALLING_UNKNOWN, LIMIT_EXCEEDED } from '../../lib/dicom/storage-scp';
import { TRANSFER_SYNTAXES, transferSyntaxOf } from '../../lib/dicom/transfer-syntax';
import { GENERATED, code, page, table } from './markdown';
import { sopClassName } from './sop-class-names';

/** As a node without any setting of its own has them. */
const peer = readPeer({ aeTitle: 'PEER', host: 'peer', port: '104' });
const stationFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'station-'));
const station = readStation({}, () => stationFolder);
// It is made when the settings are read, and nothing is kept here.
fs.rmSync(stationFolder, { recursive: true });

const { PATIENT, STUDY } = queryRetrieve;
const QUERY_CLASSES: readonly (readonly [name: string, uid: string])[] = [
  ['Patient Root Query/Retrieve, FIND', PATIENT.find],
  ['Study Root Query/Retrieve, FIND', STUDY.find],
  ['Study Root Query/Retrieve, MOVE', STUDY.move],
  ['Study Root Query/Retrieve, GET', STUDY.get],
];

const ANY_STORAGE = '1.2.840.10008.5.1.4.1.1.*';
const UNCOMPRESSED = 'Explicit VR Little Endian, Implicit VR Little Endian';
const yes = (is: boolean): string => (is ? '是 yes' : '');
const names = (uids: readonly string[]): string => uids.map(uid => transferSyntaxOf(uid).name).join(', ');

const preface = [
  '# DICOM 符合性声明 DICOM conformance statement',
  '## 中文摘要',
  '本声明按 DICOM PS3.2 的提纲编写，由程序所用的表生成。本组件含三个应用实体：**dicom-send**（C-STORE SCU，可请求 Storage Commitment）、**dicom-retrieve**（C-FIND、C-MOVE、C-GET SCU）、**dicom-receive / dicom-station**（C-STORE SCP、C-ECHO SCP、Storage Commitment SCP）。影像按原传输语法逐字节保存和转发；对方不接受时改写为 Implicit VR Little Endian，压缩影像先解压。接收的对象落盘后才回答成功。支持 TLS 和双向证书。不提供查询/调取 SCP、打印、工作列表和存储介质服务。',
  '对接时请互相登记 AE 标题、地址和端口；C-MOVE 需要对方登记本机 AE。',
];

const overview = [
  '## 1 Overview',
  'Network services; none of media interchange.',
  table(
    ['Service', 'User (SCU)', 'Provider (SCP)', 'Node'],
    [
      ['Verification', yes(true), yes(true), 'dicom-peer (test button), dicom-station'],
      ['Storage', yes(true), yes(true), 'dicom-send, dicom-receive, dicom-retrieve (C-GET)'],
      ['Query', yes(true), '', 'dicom-retrieve'],
      ['Retrieve: C-MOVE, C-GET', yes(true), '', 'dicom-retrieve'],
      ['Storage Commitment Push Model', yes(true), yes(true), 'dicom-send, dicom-station'],
    ],
  ),
];

const introduction = [
  '## 2 Introduction',
  'For those who connect a PACS, a modality or the city’s image archive to this package. It says what the package does on the network; it does not promise that two systems that conform work together: try them.',
  table(
    ['Item', 'Value'],
    [
      ['Implementation class UID', code(IMPLEMENTATION_CLASS_UID)],
      ['Implementation version name', code(IMPLEMENTATION_VERSION)],
      ['Application context', code('1.2.840.10008.3.1.1.1')],
      ['Platform', 'Node.js 20.19 or later, Node-RED 4.1 or 5'],
    ],
  ),
];

const model = [
  '## 3 Networking',
  '### 3.1 Implementation model',
  '```mermaid\nflowchart LR\n  flow[Node-RED flow] --> send[dicom-send]\n  flow --> retrieve[dicom-retrieve]\n  send -- C-STORE, N-ACTION --> archive[(Archive / PACS)]\n  retrieve -- C-FIND, C-MOVE, C-GET --> archive\n  archive -- C-STORE, N-EVENT-REPORT --> station[dicom-station]\n  modality[Modality] -- C-STORE, C-ECHO --> station\n  station --> receive[dicom-receive] --> flow\n```',
  '- **dicom-send** sends the objects of a study and tells what became of each. It keeps what has been answered, so that after a crash, or a connection that was lost, only the rest is sent.',
  '- **dicom-retrieve** asks which objects a study has, fetches those that are not on disk, and compares.',
  '- **dicom-station** listens; each **dicom-receive** gets a message for every study when its association has ended.',
];

const sendAe = [
  '### 3.2 Application entities',
  '#### 3.2.1 dicom-send',
  table(
    ['SOP class', 'UID', 'SCU', 'SCP'],
    [
      ['Storage, every class of the objects sent, vendors’ own included', code(ANY_STORAGE), yes(true), ''],
      ['Storage Commitment Push Model', code(STORAGE_COMMITMENT), yes(true), ''],
      ['Verification', code(VERIFICATION), yes(true), ''],
    ],
  ),
  `Initiates associations, ${peer.associations} at the same time by default. Asynchronous operations are not negotiated: one request at a time in an association. No more than ${MOST_CONTEXTS} presentation contexts; objects that need more go by another association.`,
  'Presentation contexts proposed: for each pair of SOP class and transfer syntax among the objects, one context with that syntax alone; besides, for what can be rewritten, one with Implicit VR Little Endian and, for what can be decompressed, one with Explicit VR Little Endian. An object is sent as it is where the peer accepts its syntax. Else:',
  table(
    ['Transfer syntax of the object', 'UID', 'Rewritten as Implicit VR', 'Decompressed first'],
    [...TRANSFER_SYNTAXES.values()].map(({ uid, name }) => [
      name,
      code(uid),
      yes(isRecodable(uid)),
      yes(isDecompressible(uid, 1)),
    ]),
  ),
  'Values are never changed by that but for the pixels of a lossy image that is decompressed, and the elements that describe them. Where neither is possible, the object fails with `DICOM_CONTEXT`.',
  'E-film (5.1.4 of the agreement): (0008,0060) becomes `EFILM`; optionally (0020,000E) and (0008,0018) are replaced by UIDs derived from the old ones.',
  'Storage Commitment: N-ACTION after the last object; N-EVENT-REPORT is taken on the same association, or on one that the archive opens to a dicom-station of the same Node-RED. Objects that are not committed make the message “not accepted”; without a report in time it is “unconfirmed”.',
];

const retrieveAe = [
  '#### 3.2.2 dicom-retrieve',
  table(
    ['SOP class', 'UID', 'SCU', 'SCP'],
    [
      ...QUERY_CLASSES.map(([name, uid]) => [name, code(uid), yes(true), '']),
      ...STORAGE_CLASSES.map(uid => [`${sopClassName(uid)} Storage (C-GET)`, code(uid), '', yes(true)]),
    ],
  ),
  `Query contexts propose ${UNCOMPRESSED}. For C-GET each storage class is proposed twice, once with ${UNCOMPRESSED}, once with ${names(COMPRESSED_SYNTAXES)}; SCP/SCU role selection proposes the SCP role for each. Extended negotiation (relational queries, fuzzy matching) is not proposed.`,
  table(
    ['Level', 'Matching keys', 'Return keys'],
    [
      [
        'STUDY',
        '(0020,000D) Study Instance UID, or both (0010,0020) Patient ID and (0008,0050) Accession Number; single value',
        'the same',
      ],
      ['SERIES', '(0020,000D)', '(0020,000E) Series Instance UID'],
      ['IMAGE', '(0020,000D), (0020,000E)', '(0008,0018) SOP Instance UID'],
    ],
  ),
  'With method «C-FIND alone» the flow gives level and keys itself, any attribute of the dictionary; patients are asked for in the Patient Root, all else in the Study Root model. C-MOVE names the AE title of a dicom-station as its destination. C-CANCEL is sent on a time-out or a redeploy; when the peer does not obey, the association is aborted.',
];

const rejection = (why: string, { result, source, reason }: Rejection): string[] => [
  why,
  String(result),
  String(source),
  String(reason),
];

const receiveAe = [
  '#### 3.2.3 dicom-receive / dicom-station',
  table(
    ['SOP class', 'UID', 'SCU', 'SCP'],
    [
      ['Storage, every class', code(ANY_STORAGE), '', yes(true)],
      ['Private storage classes', 'any UID outside of 1.2.840.10008', '', yes(true)],
      ['Verification', code(VERIFICATION), '', yes(true)],
      ['Storage Commitment Push Model', code(STORAGE_COMMITMENT), yes(true), yes(true)],
    ],
  ),
  'Of each presentation context the first transfer syntax is accepted, whatever it is: objects are kept as they are sent, byte for byte, with a Part 10 header of our own. Level of conformance: 2 (full); nothing is coerced, no element is discarded.',
  'Associations are rejected so:',
  table(
    ['Reason', 'Result', 'Source', 'Reason code (PS3.8 9.3.4)'],
    [
      rejection('another called AE title than ours, where that is checked', CALLED_UNKNOWN),
      rejection('a calling AE title or an address that is not allowed', CALLING_UNKNOWN),
      rejection('as many associations as are allowed are open', LIMIT_EXCEEDED),
    ],
  ),
  'A success (0000) is answered when the object, and its name in its folder, are on disk. Else:',
  table(
    ['Status', 'When'],
    Object.entries(refusalStatus).map(([refusal, status]) => [code(statusHex(status)), refusal]),
  ),
  'Storage Commitment: the N-ACTION is answered at once, the N-EVENT-REPORT follows on the same association; an object that is not in the folder is reported with failure reason 0112.',
];

const policies = [
  '### 3.3 Association policies and limits',
  table(
    ['Item', 'As caller', 'As station'],
    [
      ['Associations at the same time', String(peer.associations), String(station.associations)],
      ['Largest P-DATA PDU taken (bytes)', String(peer.maxPdu), String(station.maxPdu)],
      [
        'Largest association PDU taken (bytes)',
        String(MOST_ASSOCIATION_PDU_BYTES),
        String(MOST_ASSOCIATION_PDU_BYTES),
      ],
      ['Time to connect, TLS included (s)', String(peer.connectTimeoutMs / 1000), ''],
      ['Time for the association request (s)', '', '10'],
      [
        'Silence after which a peer counts as gone (s)',
        String(peer.timeoutMs / 1000),
        String(station.timeoutMs / 1000),
      ],
      ['Largest data set of an answer to a query (bytes)', String(LONGEST_DATA_SET), ''],
      ['Deepest nesting of sequences', String(DEEPEST_NESTING), String(DEEPEST_NESTING)],
      ['Asynchronous operations window', 'not negotiated', 'not negotiated'],
      ['User identity', 'not negotiated', 'not negotiated'],
    ],
  ),
];

const statuses = [
  '### 3.4 Status codes and what is done',
  table(
    ['Status', '含义', 'Meaning', 'Class', 'What dicom-send does'],
    Object.entries(STATUS_WORDS).map(([key, { zh, en }]) => {
      const status = Number(key);
      return [code(statusHex(status)), zh, en, statusClass(status), behaviour(status)];
    }),
  ),
  'Other codes by their class: A7xx out of resources, tried again; Bxxx accepted with a warning; Cxxx and all else failed for good. An A-ABORT, a lost connection or silence: the objects without an answer are sent again. Retries, their pauses and their end are the settings of the message store.',
];

function behaviour(status: number): string {
  if (mayPass(status)) return 'sent again later';
  switch (statusClass(status)) {
    case 'success':
      return 'accepted';
    case 'warning':
      return 'accepted, told as a warning';
    default:
      return 'not accepted, told for each object';
  }
}

const rest = [
  '### 3.5 Network interfaces',
  'TCP/IP (IPv4, IPv6). No ports but that of dicom-station are listened at.',
  '### 3.6 Configuration',
  table(
    ['Item', 'Default', 'Where'],
    [
      ['AE title of the station', code(station.aeTitle), 'dicom-station'],
      ['Port', String(station.port), 'dicom-station'],
      ['Allowed AE titles, allowed networks', 'any', 'dicom-station'],
      ['Our AE title towards a peer', code(peer.callingAeTitle), 'dicom-peer'],
      ['Character set of keys and of answers without one', code(peer.characterSet), 'dicom-peer'],
      ['Days that received studies are kept', String(station.keepDays), 'dicom-station'],
    ],
  ),
  '## 4 Media interchange',
  'None. Objects in folders are Part 10 files (PS3.10) without a DICOMDIR.',
  '## 5 Character sets',
  `Specific Character Sets (0008,0005) that are read: ${Object.keys(DECODER_NAMES)
    .map(term => code(term.replace(/^ISOIR(\d+)$/, 'ISO_IR $1')))
    .join(
      ', ',
    )}; with code extensions (ISO 2022) the ${DESIGNATIONS.size} escape sequences of PS3.3 tables C.12-3 and C.12-4, Chinese, Japanese and Korean among them. Text without or with a wrong declaration is taken for UTF-8 where it is valid, else for the character set of the peer’s setting. Keys of queries are written in \`GB18030\`, \`ISO_IR 192\` or \`ISO_IR 100\`. Objects are never rewritten for their character set.`,
  '## 6 Security',
  '- TLS on every association, of either side, by a `tls-config` node of Node-RED. Basic TLS Secure Transport Connection Profile and BCP 195: TLS 1.2 and 1.3 as Node.js offers them; older versions are not offered. The peer’s certificate is checked unless that is switched off; our own is sent where one is set. A station with a CA asks every caller for a certificate and turns away who has none that the CA signed.',
  '- Callers by AE title and by network. An AE title is no proof of who calls: use TLS with client certificates outside of a closed network.',
  '- Audit trail messages (PS3.15 A.5) are not sent; deliveries stand in the audit trail of the message store.',
  '- See [security.md](security.md).',
  '## 7 Annexes',
  'No standard extended, specialised or private SOP classes of our own. Private transfer syntaxes of others are passed on untouched.',
];

/** docs/dicom-conformance.md */
export const dicomDocument = (): string =>
  page(
    GENERATED,
    ...preface,
    ...overview,
    ...introduction,
    ...model,
    ...sendAe,
    ...retrieveAe,
    ...receiveAe,
    ...policies,
    ...statuses,
    ...rest,
  );
