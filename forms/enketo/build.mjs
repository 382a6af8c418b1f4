/**
 * Builds the residents' form page into forms/assets/built: Enketo Core and our own modules for old WebViews, under names that change
 * with their content, compressed beforehand. Run by .ci/setup. What the page loads at first is listed in built/manifest.json.
 */
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const HERE = path.dirname(fileURLToPath(import.meta.url)), ROOT = path.join(HERE, '..', '..'), OUT = path.join(ROOT, 'forms/assets/built');
const WEB = path.join(HERE, 'web'), CORE = path.join(ROOT, 'node_modules/enketo-core/src/js');
const ALIAS = {
  'enketo/config': path.join(WEB, 'config.mjs'),
  'enketo/widgets': path.join(WEB, 'widgets.mjs'),
  'enketo/translator': path.join(WEB, 'translator.mjs'),
  'enketo/dialog': path.join(WEB, 'dialog.mjs'),
  'enketo/file-manager': path.join(WEB, 'file_manager.mjs'),
  'enketo/xpath-evaluator-binding': path.join(CORE, 'xpath-evaluator-binding.js'),
  'jquery-touchswipe': path.join(WEB, 'nothing.mjs'),
};

/**
 * What Enketo Core does that our pages must not: a handler in an attribute, roles that there are not, a document that is broken on purpose
 * (browsers show it with styles inline), and a whole cryptographic library for one rare function.
 */
const PATCHES = [
  [/enketo-core\/src\/js\/form\.js$/, [["this.view.$.attr('onsubmit', 'return false;');", '']]],
  [/enketo-core\/src\/js\/page\.js$/, [["el.setAttribute('role', 'page')", "el.dataset.page = ''"], ['[role="page"]', '[data-page]'], ["setAttribute('tabindex', 1)", "setAttribute('tabindex', -1)"], [".attr('tabindex', 2)", ".attr('tabindex', 0)"]]],
  [/mergexml\/mergexml\.js$/, [["f = psr.parseFromString('<invalid', 'text/xml');", ''], ["nsd.psr = f.getElementsByTagName('parsererror')[0].namespaceURI;", "nsd.psr = '*';"]]],
  [/openrosa-xpath-evaluator\/src\/digest\.js$/, [["require('node-forge')", 'globalThis.forge']]],
];
const patching = {
  name: 'patching',
  setup({ onLoad }) {
    for (const [filter, changes] of PATCHES) {
      onLoad({ filter }, async ({ path: file }) => {
        let contents = await readFile(file, 'utf8');
        for (const [from, to] of changes) {
          if (!contents.includes(from)) throw new Error(`${file} is not the version that was patched: ${from}`);
          contents = contents.replaceAll(from, to);
        }
        return { contents, loader: 'js' };
      });
    }
  },
};

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const common = { bundle: true, minify: true, target: ['es2019', 'chrome69'], outdir: OUT, legalComments: 'none', logLevel: 'warning', metafile: true };
const pages = await build({
  ...common, entryPoints: { form: path.join(WEB, 'form.mjs'), preview: path.join(WEB, 'preview.mjs'), style: path.join(WEB, 'form.css') }, entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]',
  format: 'esm', splitting: true, outExtension: { '.js': '.mjs' }, alias: ALIAS, plugins: [patching], nodePaths: [path.join(ROOT, 'node_modules')],
  define: { global: 'globalThis' },
});
const outputs = Object.entries(pages.metafile.outputs).map(([file, output]) => [path.basename(file), output]);
const named = (start) => outputs.find(([, { entryPoint }]) => entryPoint?.endsWith(start))[0];
/** Everything that a module needs before it runs. */
function needs(name, found = new Set([name])) {
  for (const { path: other, kind } of outputs.find(([file]) => file === name)[1].imports) {
    const file = path.basename(other);
    if (kind === 'import-statement' && !found.has(file)) needs(file, found.add(file));
  }
  return [...found];
}
const script = named('web/form.mjs'), writing = named('web/writing.mjs');
const preload = [...new Set([...needs(script), ...needs(writing)])].filter((name) => name !== script);
await writeFile(path.join(OUT, 'manifest.json'), JSON.stringify({ script, style: named('web/form.css'), preload, preview: named('web/preview.mjs') }));
await build({ ...common, entryPoints: { worker: path.join(WEB, 'worker.mjs') }, format: 'iife', define: { BUILT: JSON.stringify([script, named('web/form.css'), ...preload]) } });

for (const file of (await readdir(OUT)).filter((name) => /\.(mjs|css|js)$/.test(name))) {
  const content = await readFile(path.join(OUT, file));
  await writeFile(path.join(OUT, `${file}.gz`), gzipSync(content, { level: 9 }));
  await writeFile(path.join(OUT, `${file}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
