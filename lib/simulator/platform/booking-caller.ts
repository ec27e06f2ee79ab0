/** Plays the booking platform towards a hospital's AppointmentDealInterface, and looks closely at the answers (3.2). */
import { type Table, recordName } from '../../contract/field';
import { type BookingService, type BookingServiceName, bookingServices } from '../../contract/services';
import { hospitalHeader } from '../../contract/tables/envelope';
import { check } from '../../contract/validate';
import { SoapClient } from '../../soap/client';
import { UnreadableError } from './fault';
import { element } from './text';
import { type XmlNode, readDocument } from './xml-document';

export interface BookingCallerOptions {
  /** Address of the hospital's AppointmentDealInterface. */
  readonly url: string;
  readonly certificate: string;
  /** Default `xmzsh`, as printed. */
  readonly callOperator?: string;
  readonly timeoutMs?: number;
  /** Connections at the same time; further calls wait. Default 4. */
  readonly connections?: number;
}

/** A record of an answer; nested records stand under their element's name. */
export interface AnswerRecord {
  readonly [name: string]: string | readonly AnswerRecord[];
}

export interface BookingAnswer {
  readonly success: boolean;
  readonly error: string;
  readonly items: readonly AnswerRecord[];
  /** Answer of GetAppointReceipt. */
  readonly pdf?: Buffer;
  /** Where the answer differs from the agreement, in words; empty for a perfect answer. */
  readonly deviations: readonly string[];
}

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

export class BookingCaller {
  readonly #client: SoapClient;
  readonly #options: BookingCallerOptions;

  constructor(options: BookingCallerOptions) {
    this.#options = options;
    this.#client = new SoapClient({
      url: options.url,
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(options.connections !== undefined && { connections: options.connections }),
    });
  }

  /**
   * Calls one service with a record of its request table; fields left out are sent empty.
   * @throws {ExchangeError} when there is no SOAP answer.
   */
  async call(service: BookingServiceName, record: Readonly<Record<string, string>>): Promise<BookingAnswer> {
    const { result } = await this.#client.call('AppointmentDealInterface', [
      ['msgHeader', this.#header(service)],
      ['msgBody', writeRecord(bookingServices[service].request, record)],
    ]);
    return readAnswer(service, result ?? '');
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #header(serverName: BookingServiceName): string {
    const { certificate, callOperator = 'xmzsh' } = this.#options;
    return (
      DECLARATION + writeRecord(hospitalHeader, { serverName, format: 'xml', callOperator, certificate })
    );
  }
}

/** Names and order as the definition tables print them; unknown names are left out. */
const writeRecord = (of: Table, record: Readonly<Record<string, string>>): string =>
  `<root>${of.fields.map(({ name }) => element(name, record[name] ?? '')).join('')}</root>`;

/** Reads an answer of a booking service and compares it with the agreement, element by element. */
export function readAnswer(service: BookingServiceName, text: string): BookingAnswer {
  const reader = new AnswerReader();
  try {
    if (!text.startsWith(DECLARATION)) reader.report(`XML 声明应为 ${DECLARATION}`);
    return reader.read(bookingServices[service], readDocument(text));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    reader.report(error.fault.zh);
    return { success: false, error: '', items: [], deviations: reader.deviations };
  }
}

class AnswerReader {
  readonly deviations: string[] = [];

  report(deviation: string): void {
    this.deviations.push(deviation);
  }

  read(service: BookingService, root: XmlNode): BookingAnswer {
    const content = root.children[0];
    if (root.name !== 'root') this.report('根元素应为 root');
    this.#noText(root, 'root');
    if (root.children.length !== 1 || content?.name !== 'returnContent')
      this.report('root 下应只有 returnContent');
    const [success, error, ...rest] = content?.children ?? [];
    if (content) this.#noText(content, 'returnContent');
    if (success?.name !== 'success' || error?.name !== 'error')
      this.report('returnContent 应以 success、error 开头');
    const yes = success?.text === 'Yes';
    const reason = error?.text ?? '';
    if (!yes && success?.text !== 'No') this.report('success 应为 Yes 或 No');
    if (yes && reason !== '') this.report('成功时 error 应为空');
    if (!yes && reason === '') this.report('失败时 error 应说明原因');
    return { success: yes, error: reason, ...this.#result(service, rest, yes), deviations: this.deviations };
  }

  #result(
    service: BookingService,
    rest: readonly XmlNode[],
    yes: boolean,
  ): Pick<BookingAnswer, 'items' | 'pdf'> {
    const expected = !yes ? '' : service.pdf ? 'item' : service.items ? 'items' : '';
    if (rest.map(({ name }) => name).join() !== expected) this.report(`error 之后应为 ${expected || '空'}`);
    const [node] = rest;
    if (!node || !expected) return { items: [] };
    if (service.pdf) return { items: [], pdf: this.#pdf(node.text) };
    this.#noText(node, 'items');
    const { items } = service;
    return {
      items: items
        ? node.children.map((item, at) => this.#record(items, item, 'item', `item[${at + 1}]`))
        : [],
    };
  }

  #pdf(base64: string): Buffer {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.toString('base64') !== base64) this.report('item 不是规范的 base64');
    if (bytes.subarray(0, 4).toString('latin1') !== '%PDF') this.report('item 解码后应以 %PDF 开头');
    return bytes;
  }

  /** Every element of the table must be there, in its order and case; nested records follow. */
  #record(of: Table, node: XmlNode, name: string, place: string): AnswerRecord {
    const fields = of.fields.map(recordName);
    const own = node.children.slice(0, fields.length);
    if (node.name !== name) this.report(`${place} 的元素名应为 ${name}`);
    if (own.map(child => child.name).join() !== fields.join())
      this.report(`${place} 的元素应依次为 ${fields.join('、')}`);
    this.#noText(node, place);
    const record: Record<string, string> = Object.fromEntries(own.map(child => [child.name, child.text]));
    for (const { message } of check(of, record, { validation: 'lenient', lengthUnit: 'char' }))
      this.report(`${place} ${message.zh}`);
    return { ...record, ...this.#nested(of, node.children.slice(fields.length), place) };
  }

  #nested(of: Table, nodes: readonly XmlNode[], place: string): AnswerRecord {
    const children = of.children ?? [];
    for (const { name } of nodes)
      if (!children.some(child => child.element === name)) this.report(`${place} 有多余元素 ${name}`);
    return Object.fromEntries(
      children.map(({ element: name, table }) => {
        const found = nodes.filter(node => node.name === name);
        return [
          name,
          found.map((node, at) => this.#record(table, node, name, `${place}.${name}[${at + 1}]`)),
        ];
      }),
    );
  }

  #noText(node: XmlNode, place: string): void {
    if (node.text.trim() !== '') this.report(`${place} 内不应有文字`);
  }
}
