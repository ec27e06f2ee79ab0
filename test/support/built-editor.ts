/** Reads what the build made for the editor: the html of a node, its catalogues and its help. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

/** The checkout. Tests run from its top: their own place differs when they were compiled for the coverage. */
export const root = process.cwd();
export const LANGUAGES = ['zh-CN', 'en-US'] as const;
export type Language = (typeof LANGUAGES)[number];

type Validate = (this: unknown, value: unknown, options: object) => true | string;

/** The shape of a node definition, as far as the tests look at it. */
export interface Definition {
  readonly category: string;
  readonly color: string;
  readonly icon: string;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly defaults: Readonly<Record<string, { readonly validate?: Validate }>>;
  readonly credentials?: Readonly<Record<string, { readonly type: 'text' | 'password' }>>;
  label(): string;
  paletteLabel(): string;
  inputLabels?(): string;
  outputLabels?(index: number): string;
}

/** A text of a catalogue by its dotted key. */
export type Catalogue = ReadonlyMap<string, string>;

export interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly repository?: { readonly url: string };
  readonly bugs?: { readonly url: string };
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': {
    readonly version: string;
    readonly nodes: Readonly<Record<string, string>>;
    readonly plugins: Readonly<Record<string, string>>;
  };
}

export const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

export const manifest = (): Manifest => JSON.parse(read('package.json')) as Manifest;

/** Builds dist/ when there is none, as after a fresh clone without `npm test`. */
export function ensureBuilt(): void {
  if (fs.existsSync(path.join(root, 'dist/.built'))) return;
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
}

/** One built node. */
export class BuiltNode {
  readonly type: string;
  readonly html: string;
  /** The editor's script, without the form. */
  readonly script: string;
  readonly runtime: string;
  readonly #folder: string;

  constructor(type: string, js: string) {
    this.type = type;
    this.#folder = path.posix.dirname(js);
    this.runtime = runtimeOf(js);
    this.html = read(js.replace(/\.js$/, '.html'));
    this.script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(this.html)?.[1] ?? '';
  }

  get form(): string {
    return this.html.replace(`<script type="text/javascript">${this.script}</script>`, '');
  }

  /** Runs the script as the editor does, and takes what it registers. */
  definition(): Definition {
    const registered = new Map<string, Definition>();
    const RED = {
      nodes: {
        registerType: (type: string, definition: Definition) => registered.set(type, definition),
        // The one config node that the fake nodes of the tests refer to, without a store of its own.
        node: (id: string) => (id === 'profile' ? { id, valid: true } : null),
        eachConfig: () => undefined,
      },
      validators: { typedInput: () => (value: string, _options: object) => value !== '' || 'empty' },
    };
    const document = {
      getElementById: () => null,
      createElement: () => ({}),
      head: { append: () => undefined },
    };
    vm.runInNewContext(this.script, { RED, document });
    const definition = registered.get(this.type);
    if (!definition)
      throw new Error(`${this.type} registers ${[...registered.keys()].join(', ') || 'nothing'}`);
    return definition;
  }

  catalogue(language: Language): Catalogue {
    return flatten(JSON.parse(read(`${this.#folder}/locales/${language}/${this.type}.json`)) as Tree);
  }

  help(language: Language): string {
    return read(`${this.#folder}/locales/${language}/${this.type}.html`);
  }

  icon(name: string): string {
    return read(`${this.#folder}/icons/${name}`);
  }
}

export const builtNodes = (): BuiltNode[] =>
  Object.entries(manifest()['node-red'].nodes).map(([type, js]) => new BuiltNode(type, js));

/** Plugins have a script and texts, like nodes; no form, no help, no definition. */
export const builtPlugins = (): BuiltNode[] =>
  Object.entries(manifest()['node-red'].plugins).map(([type, js]) => new BuiltNode(type, js));

interface Tree {
  readonly [key: string]: string | Tree;
}

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') flat.set(prefix + key, value);
    else for (const [below, text] of flatten(value, `${prefix}${key}.`)) flat.set(below, text);
  }
  return flat;
}

/** A node's runtime, with the shared files that it is made of and what those require: all of them name its texts. */
function runtimeOf(js: string): string {
  const files = new Set([js]);
  // Grows while it is gone through.
  for (const file of files) {
    if (!file.startsWith('dist/nodes/')) continue;
    for (const [, required = ''] of read(file).matchAll(/require\("(\.[^"]+)"\)/g)) {
      const found = require.resolve(path.join(root, path.dirname(file), required));
      files.add(path.relative(root, found).replaceAll('\\', '/'));
    }
  }
  return [...files].map(read).join('\n');
}
