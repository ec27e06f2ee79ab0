/** The booking platform's calls: what reads them, and the endpoint over real HTTP. */
import zlib from 'node:zlib';
import { refusal } from '../../lib/booking/answer';
import { BookingDesk, answerCall } from '../../lib/booking/booking-desk';
import { readBookingRequest } from '../../lib/booking/request';
import { bookingServiceNames, bookingServices, soapMethods } from '../../lib/contract/services';
import { SoapEndpoint } from '../../lib/soap/endpoint';
import { requireSuccess, resultOf } from '../../lib/soap/answer';
import { inflate } from '../../lib/soap/inflate';
import type { Chance } from '../../test/support/chance';
import { type Asked, LocalServer, readAsked, written } from '../local-server';
import { damaged, pick } from '../mutate';
import { Finding, PATIENT, type Target } from '../target';
import { XML_TELLING, XML_WORDS } from './text';

const CERTIFICATE = 'PLACEHOLDER-CERTIFICATE';
const ACCESS = {
  certificate: CERTIFICATE,
  allowedOperators: new Set<string>(),
  check: { validation: 'strict', lengthUnit: 'char' },
} as const;

const VALUES = [
  '7', '1', '3', PATIENT.card, PATIENT.id, PATIENT.name, '2030-01-01', '2030-02-30', '2030/1/1', '', ' ', '|', ',', '，',
  '1|99|T|88|2|2030-01-02 08:20|08:00~09:00', `g|1|${PATIENT.card}|0|T|99|P|1|Z`, '１２', '\u3000', '|'.repeat(70),
]; // prettier-ignore

const header = (chance: Chance): string =>
  `<root><serverName>${chance.in(0.95) ? pick(chance, bookingServiceNames) : 'x'}</serverName><format>xml</format>` +
  `<callOperator>xmzsh</callOperator><certificate>${chance.in(0.95) ? CERTIFICATE : 'x'}</certificate></root>`;

const names = [
  ...new Set(bookingServiceNames.flatMap(name => bookingServices[name].request.fields.map(one => one.name))),
];

const body = (chance: Chance): string =>
  `<root>${names
    .filter(() => chance.in(0.9))
    .map(
      name => `<${name}>${pick(chance, VALUES)}${chance.in(0.05) ? pick(chance, XML_WORDS) : ''}</${name}>`,
    )
    .join('')}</root>`;

const PART = '\u0001';

export const bookingTarget: Target = {
  name: 'booking',
  usualCount: 100_000,
  documented: ['BookingRefusal'],
  input(chance) {
    const parts: Buffer[] = [header(chance), body(chance)].map(text => Buffer.from(text));
    if (chance.in(0.5)) parts[1] = damaged(chance, parts[1]!, XML_TELLING);
    if (chance.in(0.1)) parts[0] = damaged(chance, parts[0]!, XML_TELLING);
    return Buffer.concat([parts[0]!, Buffer.from(PART), parts[1]!]);
  },
  async run(input, tried) {
    const [head = '', content = ''] = input.toString().split(PART);
    await tried('readBookingRequest', () => readBookingRequest(head, content, ACCESS));
  },
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const [headerName = '', bodyName = ''] = soapMethods.AppointmentDealInterface;

const call = (chance: Chance): Buffer =>
  Buffer.from(
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
      `<AppointmentDealInterface xmlns="http://tempuri.org/"><${headerName}>${escaped(header(chance))}</${headerName}>` +
      `<${bodyName}>${escaped(body(chance))}</${bodyName}></AppointmentDealInterface></s:Body></s:Envelope>`,
  );

const ENCODINGS = ['', 'gzip', 'deflate', 'x-gzip', 'br', 'identity', 'gzip, gzip', '\t'];
const TYPES = [
  'text/xml; charset=utf-8', 'application/soap+xml', 'text/xml; charset=gbk', 'text/xml; charset=utf-16', '',
  'text/xml; charset=%00', 'text/xml;charset="', 'multipart/related', `text/xml; charset=${'x'.repeat(500)}`,
]; // prettier-ignore

function request(chance: Chance): Buffer {
  const plain = chance.in(0.7) ? damaged(chance, call(chance), XML_TELLING) : call(chance);
  const encoding = chance.in(0.6) ? '' : pick(chance, ENCODINGS);
  const packed =
    encoding.includes('gzip') && chance.in(0.8)
      ? zlib.gzipSync(plain, { level: 1 })
      : encoding === 'deflate'
        ? zlib.deflateRawSync(plain)
        : plain;
  const asked: Asked = {
    method: chance.in(0.95) ? 'POST' : pick(chance, ['GET', 'PUT', 'DELETE', 'OPTIONS']),
    path: pick(chance, ['/x', '/x?wsdl', '/x?singleWsdl=1', '//', '/x?%', '/%00', '/..;/x']),
    headers: {
      'content-type': pick(chance, TYPES),
      ...(encoding && { 'content-encoding': encoding }),
      ...(chance.in(0.1) && { 'x-forwarded-host': pick(chance, ['a b', 'h:99999', '[::1]', '"><x>', '']) }),
      ...(chance.in(0.1) && { 'x-forwarded-proto': pick(chance, ['https', 'x', ',', '']) }),
    },
  };
  const bytes = chance.in(0.1) ? damaged(chance, packed, XML_TELLING) : packed;
  return written(asked, bytes);
}

/** Answers every call that reached the flow. */
const desk = new BookingDesk({
  access: ACCESS,
  repeatMs: 0,
  onCall: ({ id }) => void answerCall(id, refusal('x')),
});

export const endpointTarget: Target = new (class implements Target {
  readonly name = 'endpoint';
  readonly usualCount = 20_000;
  readonly mostGrowthMiB = 48;
  #server: LocalServer | undefined;
  #broken: string | undefined;

  input(chance: Chance): Buffer {
    return request(chance);
  }

  async open(): Promise<void> {
    const endpoint = new SoapEndpoint({
      serviceName: 'AppointmentDealInterface',
      operations: [{ name: 'AppointmentDealInterface', parameters: soapMethods.AppointmentDealInterface }],
      handle: async ({ parameters }) => {
        try {
          return await desk.handle(parameters[headerName] ?? null, parameters[bodyName] ?? null);
        } catch (error) {
          this.#broken = String(error);
          throw error;
        }
      },
      maxInflatedBytes: 4 * 1024 * 1024,
      timeoutMs: 5000,
    });
    this.#server = new LocalServer(endpoint.handler);
    await this.#server.start();
  }

  async run(input: Buffer): Promise<void> {
    const { asked, body: content } = readAsked(input);
    const { status, text } = (await this.#server?.ask(asked, content)) ?? { status: 0, text: '' };
    if (this.#broken !== undefined) throw new Finding(`the desk threw ${this.#broken}`);
    if (/服务内部错误|node:internal|\.ts:\d/.test(text))
      throw new Finding(`${status}: ${text.slice(0, 300)}`);
    if (status !== 200 && Object.values(PATIENT).some(value => text.includes(value)))
      throw new Finding(`a value of the patient in a fault: ${text.slice(0, 300)}`);
  }

  async close(): Promise<void> {
    await this.#server?.stop();
  }
})();

/** An answer of the platform, from its status line to its packed body. */
export const clientTarget: Target = {
  name: 'client',
  usualCount: 100_000,
  input: request,
  async run(input, tried) {
    const { asked, body: wire } = readAsked(input);
    const { headers, method } = asked;
    const packed = await inflate(wire, headers['content-encoding'], 64 * 1024);
    const content = typeof packed === 'string' ? wire : packed;
    if (content.length > 64 * 1024 && typeof packed !== 'string') throw new Finding('more than the limit');
    const status = method === 'POST' ? 200 : method === 'GET' ? 500 : 302;
    const answer = {
      status,
      headers: { ...headers, location: `http://x/?q=${PATIENT.card}` },
      body: content,
    };
    await tried('answer', () => {
      requireSuccess({ ...answer, wireBytes: 0 }, 'GetLabInfo', [PATIENT.card]);
      resultOf({ ...answer, wireBytes: 0 }, 'GetLabInfo', [PATIENT.card]);
    });
  },
};
