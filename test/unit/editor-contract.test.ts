/** What the editor needs of each node, checked over the built files: fields, texts in both languages, help, icon. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {
  type BuiltNode,
  type Definition,
  LANGUAGES,
  type Language,
  builtNodes,
  builtPlugins,
  ensureBuilt,
  manifest,
  read,
  root,
} from '../support/built-editor';
import { contrast } from '../support/contrast';

const CATEGORY = '区域互联';
/** Defaults that are edited in a list and not in one field: property → id of the list. */
const LISTS: Readonly<Record<string, string>> = {
  parameters: 'viewer-token-parameters',
  mapping: 'exchange-mapping',
  sqlParameters: 'database-run-parameters',
};
/** Node-RED writes labels on a node in this colour, in both themes. */
const LABEL_COLOUR = '#333333';

/** Settings that validators of others look at: each validator is run with all of these. */
const SETTINGS = [
  { profile: 'profile' },
  { kind: 'postgresql' },
  { kind: 'sqlite' },
  { target: 'share', template: '{org}', method: 'move' },
  { mode: 'claim', shape: 'detail' },
  { mode: 'procedure' },
];

ensureBuilt();

describe('the editor half of the nodes', () => {
  const nodes = builtNodes();

  it('stands in package.json for every node folder', () => {
    const folders = fs
      .readdirSync(path.join(root, 'nodes'))
      .filter(name => fs.existsSync(path.join(root, 'nodes', name, `${name}.editor.ts`)));
    assert.deepEqual(nodes.map(({ type }) => type).toSorted(), folders.toSorted());
    for (const [type, js] of Object.entries(manifest()['node-red'].nodes)) {
      assert.equal(js, `dist/nodes/${type}/${type}.js`);
    }
  });

  it('uses every shared text', () => {
    const used = new Set(nodes.flatMap(node => [...usedKeys(node).exact]));
    const shared = [...(nodes[0]?.catalogue('zh-CN').keys() ?? [])].filter(key =>
      key.startsWith('exchange.'),
    );
    assert.deepEqual(
      shared.filter(key => !used.has(key)),
      [],
    );
  });

  it('styles its forms only with variables that both Node-RED versions define', () => {
    const css = ['nodes/shared/editor', 'plugins/exchange-monitor']
      .flatMap(folder => fs.readdirSync(path.join(root, folder)).map(name => `${folder}/${name}`))
      .filter(name => name.endsWith('.css'))
      .map(read)
      .join('\n');
    assert.doesNotMatch(css, /#[0-9a-f]{3,8}\b|rgba?\(|hsl/i);
    const used = [...new Set(css.match(/--red-ui-[\w-]+/g))];
    assert.ok(used.length > 0);
    for (const version of ['node-red', 'node-red-5']) {
      const defined = editorStyle(version);
      assert.deepEqual(
        used.filter(name => !defined.includes(`${name}:`)),
        [],
        version,
      );
    }
  });

  for (const node of nodes) describe(node.type, () => checkNode(node));
  for (const plugin of builtPlugins()) describe(plugin.type, () => checkPlugin(plugin));
});

function checkPlugin(plugin: BuiltNode): void {
  it('stands in package.json by its folder', () => {
    assert.equal(
      manifest()['node-red'].plugins[plugin.type],
      `dist/plugins/${plugin.type}/${plugin.type}.js`,
    );
  });
  it('registers itself by its literal name', () => {
    assert.match(plugin.html, new RegExp(`registerPlugin\\("${plugin.type}", \\{`));
  });
  for (const language of LANGUAGES) it(`has every text in ${language}`, () => hasTexts(plugin, language));
  it('has no text that nothing uses', () => assert.deepEqual(orphansOf(plugin), []));
  it('says the same in both languages', () => saysTheSame(plugin));
}

/** Every text that is used is there. */
function hasTexts(node: BuiltNode, language: Language): void {
  const catalogue = node.catalogue(language);
  const { exact, prefixes } = usedKeys(node);
  for (const key of exact) assert.ok(catalogue.get(key), key);
  for (const prefixOfKeys of prefixes) {
    assert.ok(
      [...catalogue.keys()].some(key => key.startsWith(prefixOfKeys)),
      prefixOfKeys,
    );
  }
}

function orphansOf(node: BuiltNode): string[] {
  const { exact, prefixes } = usedKeys(node);
  return [...node.catalogue('zh-CN').keys()]
    .filter(key => key.startsWith(`${node.type}.`))
    .filter(key => !exact.has(key) && ![...prefixes].some(start => key.startsWith(start)))
    .filter(key => !isOutcome(node, key));
}

function saysTheSame(node: BuiltNode): void {
  const [zh, en] = [node.catalogue('zh-CN'), node.catalogue('en-US')];
  assert.deepEqual([...zh.keys()], [...en.keys()]);
  for (const [key, chinese] of zh) {
    const english = en.get(key) ?? '';
    assert.doesNotMatch(english, /\p{Script=Han}/u, key);
    if (!/\p{Script=Han}/u.test(chinese))
      assert.equal(chinese, english, `${key}: only names are the same in both`);
    assert.deepEqual(chinese.match(/__\w+__/g)?.toSorted(), english.match(/__\w+__/g)?.toSorted(), key);
  }
}

function checkNode(node: BuiltNode): void {
  const definition = node.definition();
  const prefix = definition.category === 'config' ? 'node-config-input-' : 'node-input-';

  it('has a field for every default and credential', () => {
    for (const name of [...Object.keys(definition.defaults), ...Object.keys(definition.credentials ?? {})]) {
      const id = LISTS[name] ?? prefix + name;
      assert.ok(node.form.includes(`id="${id}"`), name);
    }
  });

  it('has a default or credential for every field', () => {
    const known = new Set([
      ...Object.keys(definition.defaults),
      ...Object.keys(definition.credentials ?? {}),
    ]);
    for (const [, name] of node.form.matchAll(new RegExp(`id="${prefix}(\\w+)"`, 'g')))
      assert.ok(known.has(name ?? ''), name);
  });

  it('has a label for every visible field', () => {
    for (const [tag, id = ''] of node.form.matchAll(/<(?:input|select) [^>]*?id="([\w-]+)"[^>]*>/g)) {
      if (tag.includes('type="hidden"')) continue;
      const labelled = node.form.includes(`<label for="${id}">`) || tag.includes('type="checkbox"');
      assert.ok(labelled, id);
    }
  });

  it('hides the secrets, also from the memory of the browser', () => {
    for (const [name, { type }] of Object.entries(definition.credentials ?? {})) {
      if (type === 'text') continue;
      assert.match(
        node.form,
        new RegExp(`<input type="password" autocomplete="new-password" id="${prefix}${name}"`),
      );
    }
  });

  it('has no text and no colour of its own in the form', () => {
    const text = node.form
      .replace(/<script[^>]*>|<\/script>/g, '')
      .replace(/<option value="[\d.]+">SOAP [\d.]+<\/option>/g, '');
    assert.equal(text.replace(/<[^>]+>/g, '').trim(), '');
    assert.doesNotMatch(node.form, /style="[^"]*(color|#[0-9a-f]{3})/i);
  });

  for (const language of LANGUAGES) {
    it(`has every text in ${language}`, () => hasTexts(node, language));

    it(`has help in ${language}`, () => {
      const help = node.help(language);
      assert.match(help, new RegExp(`^<script type="text/html" data-help-name="${node.type}">\n<p>`));
      assert.match(help, /(规范|Agreement) [345]\./);
      assert.doesNotMatch(help, /\*\*|^#|^- /m, 'Markdown is left');
      for (const tag of ['dl', 'dt', 'dd', 'code', 'ul', 'b', 'i']) {
        const count = (pattern: string): number => help.match(new RegExp(pattern, 'g'))?.length ?? 0;
        assert.equal(count(`<${tag}[ >]`), count(`</${tag}>`), tag);
      }
      if (definition.category === 'config') return;
      assert.match(help, /<dl class="message-properties">/);
      assert.match(help, /<h3>(输出|Outputs)<\/h3>/);
      assert.equal(/<h3>(输入|Inputs)<\/h3>/.test(help), definition.inputs === 1);
      assert.match(help, /<pre><code>/, 'an example message');
    });
  }

  it('has no text that nothing uses', () => assert.deepEqual(orphansOf(node), []));

  it('says the same in both languages', () => saysTheSame(node));

  it('has its category, a readable colour and its icon', () => {
    assert.ok(definition.category === 'config' || definition.category === CATEGORY, definition.category);
    assert.match(definition.color, /^#[0-9A-F]{6}$/);
    assert.ok(contrast(definition.color, LABEL_COLOUR) >= 4.5, 'the label');
    assert.ok(contrast(definition.color, '#FFFFFF') >= 2, 'the white icon');
    assert.match(node.icon(definition.icon), /^<svg [^>]*width="40" height="60"[\s\S]*stroke="#fff"/);
  });

  it('explains what is wrong with a value, and takes any value from the environment', () => {
    const { nodes: instances } = fakeNodes(node, definition);
    for (const [name, { validate }] of Object.entries(definition.defaults)) {
      if (!validate) continue;
      assert.equal(
        validate.length,
        2,
        `${name}: Node-RED shows a reason only of a function of two parameters`,
      );
      const reasons = instances.flatMap(one => WRONG.map(value => validate.call(one, value, {})));
      assert.ok(
        reasons.some(reason => typeof reason === 'string' && reason !== ''),
        `${name} takes anything`,
      );
      for (const one of instances)
        assert.equal(validate.call(one, '${ANY_NAME}', {}), true, `${name} from the environment`);
    }
  });
}

/** Values of which every validator refuses at least one. */
const WRONG = ['', ' ', 'no such thing (', '-1', 'no\\thing'];

/** First argument of the runtime's `status(mood, text)`. */
const MOODS = new Set(['idle', 'busy', 'good', 'warn', 'bad']);

/** A status that the runtime names by an outcome: the word stands in its code, but in no call of `status`. */
const isOutcome = ({ type, runtime }: BuiltNode, key: string): boolean =>
  key.startsWith(`${type}.status.`) && new RegExp(`\\b${key.split('.').at(-1)}\\b`).test(runtime);

/** Names of the same form that are no texts: icons, files, and permissions of admin routes. */
const NO_TEXT = /\.(svg|db|read|write|unmask)$/;

/** Keys that are used literally or by running the definition, and the fixed starts of those that code completes. */
function usedKeys(node: BuiltNode): { exact: Set<string>; prefixes: Set<string> } {
  const exact = new Set<string>();
  const prefixes = new Set<string>();
  for (const [, key = ''] of node.form.matchAll(/data-i18n="(?:\[\w+\])?([^"]+)"/g)) exact.add(key);
  const literal = new RegExp(`["'\`]((?:${node.type}|exchange)\\.[\\w-]+(?:\\.[\\w-]+)*)["'\`]`, 'g');
  for (const code of [node.script, node.runtime])
    for (const [, key = ''] of code.matchAll(literal)) exact.add(key);
  const completed = new RegExp(`\`(${node.type}\\.[\\w.-]+\\.)\\$\\{`, 'g');
  for (const code of [node.script, node.runtime])
    for (const [, start = ''] of code.matchAll(completed)) prefixes.add(start);
  for (const [, middle = ''] of node.script.matchAll(/`\$\{\w+\.type\}(\.[\w-]+\.)\$\{/g))
    prefixes.add(node.type + middle);
  for (const [call] of node.runtime.matchAll(/(?<!\.)\bstatus\([^\n]*\);/g)) {
    for (const [, , status = ''] of call.matchAll(/(,|\?|:) '([\w-]+)'/g)) {
      if (!MOODS.has(status)) exact.add(`${node.type}.status.${status}`);
    }
  }
  // A plugin has no definition that could be run.
  if (node.type in manifest()['node-red'].nodes) for (const key of keysOfRunning(node)) exact.add(key);
  for (const key of exact) if (NO_TEXT.test(key)) exact.delete(key);
  return { exact, prefixes };
}

/** Runs labels, port labels and validators, and notes which texts they ask for. */
function keysOfRunning(node: BuiltNode): Set<string> {
  const definition = node.definition();
  const { nodes, asked } = fakeNodes(node, definition);
  for (const instance of nodes) {
    definition.label.call(instance);
    definition.paletteLabel.call(instance);
    definition.inputLabels?.call(instance);
    for (let port = 0; port < (definition.outputs ?? 0); port++)
      definition.outputLabels?.call(instance, port);
    for (const { validate } of Object.values(definition.defaults)) {
      for (const wrong of WRONG) validate?.call(instance, wrong, {});
    }
  }
  return asked;
}

function fakeNodes(node: BuiltNode, definition: Definition): { nodes: Definition[]; asked: Set<string> } {
  const asked = new Set<string>();
  const text = (key: string): string => {
    asked.add(key);
    return key;
  };
  const nodes = SETTINGS.map(settings =>
    Object.assign(Object.create(definition) as Definition, {
      id: 'n',
      type: node.type,
      name: '',
      _: text,
      ...settings,
    }),
  );
  return { nodes, asked };
}

const editorStyle = (version: string): string => {
  const nodeRed = require.resolve(`${version}/package.json`);
  const client = path.dirname(
    require.resolve('@node-red/editor-client/package.json', { paths: [path.dirname(nodeRed)] }),
  );
  return fs.readFileSync(path.join(client, 'public/red/style.min.css'), 'utf8');
};
