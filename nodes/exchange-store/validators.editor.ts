/** What only the message store asks of its settings. */
import type { EditorNode, Validator } from '../shared/editor/red';
import { validator, wholeNumber } from '../shared/editor/validate';
import type { StoreProps } from './exchange-store.props';

type Store = EditorNode & Partial<StoreProps>;

const isShared = ({ kind }: Store): boolean => kind === 'postgresql' || kind === 'sqlserver';

/** What a store of another kind does not use is not looked at: its row is hidden. */
const when = (matters: (store: Store) => boolean, check: Validator): Validator =>
  // Node-RED shows a reason only of a function that declares both parameters.
  function (this: EditorNode, value: unknown, options: unknown) {
    return matters(this) ? check.call(this, value, options) : true;
  };

export const ifEmbedded = (check: Validator): Validator => when(store => !isShared(store), check);
export const ifShared = (check: Validator): Validator => when(isShared, check);
export const ifPostgresql = (check: Validator): Validator => when(({ kind }) => kind === 'postgresql', check);

/** Empty for the default, or a name as the runtime takes it. */
export const schemaName = (property: string): Validator =>
  validator(property, text =>
    /^(?:[a-z_]\w{0,40})?$/i.test(text) ? undefined : { key: 'exchange-store.invalid.schema' },
  );

/** Days. Contents go with their messages at the latest: to keep them longer than those would be a mistake. */
export const contentDays = (property: string, most: number): Validator => {
  const days = wholeNumber(property, 1, most);
  const order = validator(property, (text, { keepMessages }: Store) =>
    Number(text) > Number(keepMessages) ? { key: 'exchange-store.invalid.keepContents' } : undefined,
  );
  return function (this: EditorNode, value: unknown, options: unknown) {
    const good = days.call(this, value, options);
    return good === true ? order.call(this, value, options) : good;
  };
};
