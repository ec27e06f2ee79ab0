/**
 * The part of Node-RED's editor API that this package uses. Typed here and not with @types/node-red, because there a
 * default of a wrong value compiles, and reasons of validators and labels of properties are missing.
 */

/** Palette category of every node. Its English title stands in the shared catalogue under `palette.label`. */
export type Category = 'config' | '区域互联';

/** What every node has in the editor, beside its own properties. */
export interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** Flow that the node stands on; config nodes of the whole project have none. */
  readonly z?: string;
  readonly valid?: boolean;
  /** Of a password the editor knows only `has_<name>`: whether it is set. */
  readonly credentials?: Readonly<Record<string, string | boolean | undefined>>;
  /** Text of this node's catalogue in the user's language. */
  _(key: string, values?: Readonly<Record<string, string | number>>): string;
}

/** Checks one property: true, or the reason in the user's language. */
export type Validator = (this: EditorNode, value: unknown, options: unknown) => true | string;

/** Types of config nodes that properties refer to. */
export type ConfigType =
  'exchange-profile' | 'exchange-store' | 'hospital-database' | 'dicom-peer' | 'dicom-station' | 'tls-config';

export interface PropertyDefinition<Value> {
  value: Value;
  /** Type of the config node that the property refers to. */
  type?: ConfigType;
  required?: boolean;
  validate?: Validator;
}

/** Each property needs its default: a missing or misspelt one does not compile. */
export type Defaults<Props> = { [Name in keyof Props]-?: PropertyDefinition<Props[Name]> };

/** A node's editor half. */
export type NodeDefinition<Props, Credentials> = {
  category: Category;
  color?: `#${string}`;
  icon: `${string}.svg`;
  inputs?: 0 | 1;
  outputs?: number;
  defaults: Defaults<Props>;
  label(this: EditorNode & Props): string;
  labelStyle?(this: EditorNode & Props): string;
  paletteLabel(this: EditorNode): string;
  inputLabels?(this: EditorNode): string;
  outputLabels?(this: EditorNode & Props, index: number): string;
  onadd?(this: EditorNode & Props): void;
  oneditprepare?(this: EditorNode & Props): void;
  oneditsave?(this: EditorNode & Props): void;
} & ([Credentials] extends [never]
  ? { credentials?: never }
  : { credentials: { [Name in keyof Credentials]-?: { type: 'text' | 'password' } } });

/** What a plugin of the editor registers; Node-RED adds `_`, the texts of its catalogue. */
export interface EditorPlugin {
  readonly type: string;
  onadd(): void;
}

/** A notification, or with buttons a dialog. */
export interface NotifyOptions {
  readonly type?: 'success' | 'warning' | 'error';
  readonly modal?: boolean;
  readonly fixed?: boolean;
  readonly buttons?: readonly { readonly text: string; readonly class?: 'primary'; click(): void }[];
}

interface EditorRed {
  plugins: {
    registerPlugin(id: string, plugin: EditorPlugin): void;
    getPlugin(id: string): EditorPlugin & Pick<EditorNode, '_'>;
  };
  sidebar: {
    addTab(tab: {
      id: string;
      label: string;
      name: string;
      iconClass: string;
      content: HTMLElement;
      enableOnEdit: boolean;
      action: string;
    }): void;
    show(id: string): void;
  };
  actions: { add(name: string, run: () => void, options?: { label: string }): void };
  comms: { subscribe(topic: string, callback: (topic: string, data: unknown) => void): void };
  user: { hasPermission(permission: string): boolean };
  notify(content: HTMLElement, options: NotifyOptions): { close(): void };
  view: { reveal(id: string): void; selection(): { readonly nodes?: readonly EditorNode[] } };
  nodes: {
    registerType<Props, Credentials = never>(
      type: string,
      definition: NodeDefinition<Props, Credentials>,
    ): void;
    getType(type: string): { readonly defaults?: object } | undefined;
    node(id: string): EditorNode | null;
    eachNode(visit: (node: EditorNode) => boolean | void): void;
    eachConfig(visit: (node: EditorNode) => boolean | void): void;
  };
  settings: { readonly httpNodeRoot: string };
  i18n: { lang(): string };
  tabs: {
    create(options: { element: JQuery; onchange: (tab: { id: string }) => void }): {
      addTab(tab: { id: string; label: string }): void;
    };
  };
  validators: { typedInput(typeProperty: string): Validator };
  editor: {
    editExpression(options: { value: string; focus: boolean; complete(value: string): void }): void;
  };
  utils: {
    getNodeLabel(node: EditorNode, otherwise: string): string;
    /** True, or the reason when options are given. */
    validateTypedProperty(value: string, type: 'jsonata', options: object): true | string;
  };
}

interface EditableListOptions<Row> {
  addItem(row: JQuery, index: number, data: Partial<Row>): void;
  removable: boolean;
  sortable: boolean;
}

declare global {
  const RED: EditorRed;

  interface JQuery {
    typedInput(options: { default?: string; types: readonly string[]; typeField?: string | JQuery }): this;
    typedInput(read: 'value' | 'type'): string;
    typedInput(write: 'value' | 'type', value: string): void;
    editableList<Row>(options: EditableListOptions<Row>): this;
    editableList(action: 'addItem', row: object): void;
    editableList(action: 'items'): JQuery;
  }
}
