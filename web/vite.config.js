import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const dist = join(import.meta.dirname, 'dist');

/** The folders of the packages whose modules end up in a bundle: the page's and its workers'. */
const bundled = new Set();

/** Remembers which packages a bundle is made of. Runs for the page and for every worker. */
const notePackages = () => ({
  name: 'note-packages',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.type === 'chunk' ? Object.keys(chunk.modules) : []) {
        const folder = packageFolder(id.replace(/^\0/, '').replace(/\?.*$/, ''));
        if (folder) bundled.add(folder);
      }
    }
  },
});

function packageFolder(file) {
  if (!file.includes(`${sep}node_modules${sep}`)) return null;
  for (let folder = dirname(file); folder.includes('node_modules'); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    // Some packages put a nameless manifest into a sub-folder to say which module format it holds.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return folder;
  }
  return null;
}

/** Writes down whose work the bundle contains, with the full licence texts: their licences ask for it. */
const thirdPartyLicences = () => ({
  name: 'third-party-licences',
  writeBundle() {
    const parts = [...bundled].map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const texts = readdirSync(folder)
        .filter((name) => /^(licen[cs]e|notice|thirdpartynotices|copying)([.-].*)?$/i.test(name))
        .sort()
        .map((name) => readFileSync(join(folder, name), 'utf8').trim());
      const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
      if (texts.length === 0) texts.push(`${authors(manifest)}\n${knownText(manifest)}`);
      return `${'='.repeat(78)}\n${title}\n${'='.repeat(78)}\n\n${texts.join('\n\n')}\n`;
    });
    parts.sort();
    const head = 'The explorer contains the following software, each under its own licence.\n'
      + 'The icon font (codicon) in monaco-editor is by Microsoft, under CC BY 4.0.\n';
    writeFileSync(join(dist, 'assets', 'THIRD-PARTY-LICENSES.txt'), [head, ...parts].join('\n'));
  },
});

function authors({ author, contributors = [] }) {
  const names = [author, ...contributors].filter(Boolean).map((one) => one.name ?? one);
  return names.length > 0 ? `Copyright (c) ${names.join(', ')}.\n` : '';
}

/** The text for a package that names its licence but does not bring it along. */
function knownText({ name, license }) {
  if (license !== 'MIT') throw new Error(`${name} is under ${license} and has no licence file: see what it asks for`);
  return MIT;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/** Leaves every output behind compressed only: that is how the server embeds and sends it. */
const compress = () => ({
  name: 'compress',
  closeBundle: {
    order: 'post',
    handler() {
      for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (!entry.isFile() || file.endsWith('.gz')) continue;
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
        rmSync(file);
      }
    },
  },
});

// Names stay the same from build to build, because the server lists them one by one;
// it lets browsers revalidate by a digest of the content instead.
const stableNames = {
  entryFileNames: 'assets/[name].js',
  chunkFileNames: 'assets/[name].js',
  assetFileNames: 'assets/[name][extname]',
};

export default defineConfig({
  plugins: [notePackages(), thirdPartyLicences(), compress()],
  resolve: { alias: { 'framer-motion': join(import.meta.dirname, 'src', 'tabs.tsx') } },
  build: {
    target: 'es2022',
    license: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      input: { explorer: join(import.meta.dirname, 'index.html') },
      output: { ...stableNames, codeSplitting: false },
      onLog(level, log, report) {
        // "use client" means nothing outside a server-rendered page; the rest is worth reading.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  worker: {
    format: 'es',
    plugins: () => [notePackages()],
    rolldownOptions: { output: { ...stableNames, codeSplitting: false } },
  },
  server: {
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:8080', ws: true },
      '/oauth2': 'http://127.0.0.1:8080',
      '/explorer': 'http://127.0.0.1:8080',
    },
  },
});
