// Builds dist/: the runtime by tsc (module graph kept, so that nodes share one copy of lib/), each node's editor
// part by esbuild into <type>.html, and beside it the locales, help texts and icons where Node-RED looks for them.
import { build } from 'esbuild';
import { marked } from 'marked';
import fs from 'node:fs';
import path from 'node:path';
import { root, run } from './shared.mjs';

process.chdir(root);
fs.rmSync('dist', { recursive: true, force: true });
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.runtime.json']);

const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8'))['node-red'];
for (const entry of [...Object.entries(manifest.nodes), ...Object.entries(manifest.plugins ?? {})])
  await assemble(...entry);
fs.writeFileSync('dist/.built', '');

/** Puts the editor half of one node or plugin beside its built runtime file. */
async function assemble(type, built) {
  const source = path.posix.relative('dist', path.posix.dirname(built));
  const target = path.dirname(built);
  const bundle = await build({
    entryPoints: [`${source}/${type}.editor.ts`],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2020',
    legalComments: 'none',
    charset: 'utf8',
    loader: { '.css': 'text' },
  });
  const script = bundle.outputFiles[0].text;
  const html = [`<script type="text/javascript">\n${script}</script>`];
  const form = `${source}/${type}.form.html`;
  if (fs.existsSync(form))
    html.push(
      `<script type="text/html" data-template-name="${type}">\n${withSections(fs.readFileSync(form, 'utf8'))}</script>`,
    );
  fs.writeFileSync(`${target}/${type}.html`, `${html.join('\n')}\n`);
  for (const lang of ['zh-CN', 'en-US']) copyLanguage(source, target, type, lang);
  for (const [, icon] of script.matchAll(/icon: "([^"/]+\.svg)"/g)) {
    fs.mkdirSync(`${target}/icons`, { recursive: true });
    fs.copyFileSync(`icons/${icon}`, `${target}/icons/${icon}`);
  }
}

/** A form names the sections that it shares with others as `<!-- file -->`. */
function withSections(form) {
  return form.replace(/^ *<!-- ([\w.-]+) -->\n/gm, (_line, file) =>
    fs.readFileSync(`nodes/shared/editor/${file}`, 'utf8'),
  );
}

/**
 * A node's texts are the shared ones, those of its forms, and its own: each has one namespace of its own in the editor.
 * A plugin has no form.
 */
function copyLanguage(source, target, type, lang) {
  const out = `${target}/locales/${lang}`;
  fs.mkdirSync(out, { recursive: true });
  const sources = source.startsWith('nodes/') ? ['nodes/shared', source] : [source];
  const catalogues = sources.map(dir => JSON.parse(fs.readFileSync(`${dir}/locales/${lang}.json`, 'utf8')));
  fs.writeFileSync(`${out}/${type}.json`, `${JSON.stringify(Object.assign({}, ...catalogues), null, 2)}\n`);
  const help = `${source}/locales/${lang}.help.md`;
  if (!fs.existsSync(help)) return;
  const text = marked.parse(fs.readFileSync(help, 'utf8'));
  fs.writeFileSync(
    `${out}/${type}.html`,
    `<script type="text/html" data-help-name="${type}">\n${text}</script>\n`,
  );
}
