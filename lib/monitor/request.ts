/** What the editor asks for, read as a stranger's word: every value has its type and its limits. */
import { isRow } from '../contract/row';
import type { Text } from '../errors';
import { type MessageState, messageStates } from '../store/message';
import type { Search } from '../store/message-store';
import { badRequest } from './refusal';

/** What a list is narrowed down to. */
export type MessageFilter = Omit<Search, 'limit' | 'beforeSeq' | 'terms'>;

/** As the editor sends it: what is empty or absent filters nothing. */
export type FilterTexts = Partial<
  Record<'term' | 'channel' | 'service' | 'code', string> & {
    states: readonly MessageState[];
    /** Milliseconds since 1970. */
    acceptedFrom: number;
    acceptedTo: number;
  }
>;

/** Rows of one page. */
const MOST_ROWS = 500;
/** Messages of one action. */
const MOST_IDS = 500;
const LONGEST = 200;

const NOT_OBJECT: Text = { zh: '应为对象', en: 'must be an object' };
const NOT_TEXT: Text = {
  zh: `应为不超过 ${LONGEST} 字的文本`,
  en: `must be text of at most ${LONGEST} characters`,
};
const EMPTY: Text = { zh: '不能为空', en: 'must not be empty' };

/** The body of a request. @throws {ExchangeError} REQUEST, as all readers of this file */
export class RequestBody {
  readonly #body: Readonly<Record<string, unknown>>;

  constructor(body: unknown) {
    if (!isRow(body)) throw badRequest('body', NOT_OBJECT);
    this.#body = body;
  }

  value(name: string): unknown {
    return this.#body[name];
  }

  /** Trimmed; empty when it is absent. */
  text(name: string): string {
    const value = this.#body[name] ?? '';
    if (typeof value !== 'string' || value.length > LONGEST) throw badRequest(name, NOT_TEXT);
    return value.trim();
  }

  needed(name: string): string {
    const text = this.text(name);
    if (text === '') throw badRequest(name, EMPTY);
    return text;
  }

  flag(name: string): boolean {
    return this.#body[name] === true;
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    throw badRequest(name, {
      zh: `应为 ${least} 到 ${most} 之间的整数`,
      en: `must be a whole number between ${least} and ${most}`,
    });
  }

  choice<const T extends string>(name: string, values: readonly T[]): T {
    const value = values.find(one => one === this.#body[name]);
    if (value !== undefined) return value;
    throw badRequest(name, {
      zh: `应为 ${values.join('、')} 之一`,
      en: `must be one of ${values.join(', ')}`,
    });
  }

  /** Ids of messages, each once. */
  ids(): readonly string[] {
    const value = this.#body['ids'];
    const ids: readonly unknown[] = Array.isArray(value) ? value : [];
    const good = ids.filter(id => typeof id === 'string' && id !== '' && id.length <= LONGEST) as string[];
    if (good.length === ids.length && ids.length > 0 && ids.length <= MOST_IDS) return [...new Set(good)];
    throw badRequest('ids', {
      zh: `应为 1 到 ${MOST_IDS} 个消息编号`,
      en: `must be 1 to ${MOST_IDS} ids of messages`,
    });
  }

  filter(): MessageFilter {
    const given = new RequestBody(this.#body['filter'] ?? {});
    const [from, to] = ['acceptedFrom', 'acceptedTo'].map(name =>
      given.whole(name, 0, Number.MAX_SAFE_INTEGER),
    );
    if (from !== undefined && to !== undefined && from >= to)
      throw badRequest('acceptedTo', { zh: '应晚于开始时间', en: 'must be later than acceptedFrom' });
    const states = given.#states();
    return {
      ...(states && { states }),
      ...given.#filled('term', 'channel', 'service', 'code'),
      ...(from !== undefined && { acceptedFrom: from }),
      ...(to !== undefined && { acceptedTo: to }),
    };
  }

  page(): { readonly limit: number; readonly beforeSeq?: number } {
    const beforeSeq = this.whole('beforeSeq', 0, Number.MAX_SAFE_INTEGER);
    return {
      limit: this.whole('limit', 1, MOST_ROWS) ?? 50,
      ...(beforeSeq !== undefined && { beforeSeq }),
    };
  }

  #filled(...names: string[]): Record<string, string> {
    const filled = names.map(name => [name, this.text(name)]).filter(([, text]) => text !== '');
    return Object.fromEntries(filled) as Record<string, string>;
  }

  #states(): readonly MessageState[] | undefined {
    const value = this.#body['states'];
    if (value === undefined) return undefined;
    const states: readonly unknown[] = Array.isArray(value) ? value : [value];
    const known = messageStates.filter(state => states.includes(state));
    if (known.length < new Set(states).size)
      throw badRequest('states', { zh: '含有未知状态', en: 'name a state that there is not' });
    return known.length > 0 ? known : undefined;
  }
}
