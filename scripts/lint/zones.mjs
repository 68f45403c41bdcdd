/**
 * Who may import whom. A specifier is resolved against the importing file, so no spelling of a path gets round it,
 * and what no line allows is forbidden.
 */
import { isBuiltin } from 'node:module';
import * as path from 'node:path';

/** The web toolkit is archived and heavy: one file stands between it and everything else. */
const toolkit = '@vscode/webview-ui-toolkit';

/**
 * @typedef {object} Zone
 * @property {string} name
 * @property {string} folder from the root; a file is a zone of its own
 * @property {readonly string[]} imports zones of which it may run code
 * @property {readonly string[]} types zones of which it may import types only
 * @property {boolean} node whether Node's own modules are there
 * @property {boolean} vscode whether the module `vscode` is there
 * @property {readonly string[] | 'any'} packages
 */

/** The first that fits a file is its zone. @type {readonly Zone[]} */
const zones = [
  zone('core', 'src/core', { packages: ['jsonc-parser'] }),
  zone('protocol', 'src/protocol', { types: ['core'], packages: ['birpc'] }),
  zone('engine', 'src/engine', { imports: ['core', 'protocol'], node: true }),
  zone('host', 'src/host', { imports: ['protocol'], types: ['core'], node: true, vscode: true }),
  zone('entry', 'src/extension.ts', { imports: ['host'], types: ['protocol'], vscode: true, packages: [] }),
  zone('controls', 'webview/controls.ts', { imports: ['webview'], types: ['protocol', 'core'] }),
  zone('webview', 'webview', { imports: ['protocol', 'controls'], types: ['core'] }),
];

/** Product files: everything else (tests, scripts, benchmarks) may import what it likes. */
export const zoneFiles = ['src/**/*.{ts,tsx}', 'webview/**/*.{ts,tsx}'];

/**
 * @param {string} name
 * @param {string} folder
 * @param {Partial<Zone>} permissions
 * @returns {Zone}
 */
function zone(name, folder, permissions) {
  return {
    name,
    folder,
    imports: [],
    types: [],
    node: false,
    vscode: false,
    packages: 'any',
    ...permissions,
  };
}

/**
 * @param {string} root
 * @param {string} file absolute
 */
function zoneOf(root, file) {
  const relative = path.relative(root, file).split(path.sep).join('/');
  const withoutExtension = (/** @type {string} */ name) => name.replace(/\.[jt]sx?$/, '');
  return zones.find(
    ({ folder }) =>
      relative.startsWith(`${folder}/`) || withoutExtension(relative) === withoutExtension(folder),
  );
}

/**
 * Why `from` may not import `specifier`; undefined where it may.
 *
 * @param {string} root
 * @param {string} file absolute, of the importing file
 * @param {string} specifier
 * @param {boolean} typeOnly whether the import leaves no trace at run time
 */
export function objection(root, file, specifier, typeOnly) {
  const from = zoneOf(root, file);
  if (!from) return 'this file is in no zone: add it to scripts/lint/zones.mjs';
  if (specifier.startsWith('.') || path.isAbsolute(specifier)) {
    const to = zoneOf(root, path.resolve(path.dirname(file), specifier));
    if (!to) return `${from.name} may not import what is in no zone (${specifier})`;
    if (to === from || from.imports.includes(to.name)) return undefined;
    if (!from.types.includes(to.name)) return `${from.name} may not import ${to.name} (${specifier})`;
    return typeOnly
      ? undefined
      : `${from.name} may import types of ${to.name} only: use \`import type\` (${specifier})`;
  }
  return packageObjection(from, specifier);
}

/**
 * @param {Zone} from
 * @param {string} specifier
 */
function packageObjection(from, specifier) {
  const refused = `${from.name} may not import ${specifier}`;
  if (specifier === 'vscode') return from.vscode ? undefined : refused;
  if (isBuiltin(specifier)) return from.node ? undefined : refused;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (name === toolkit)
    return from.name === 'controls' ? undefined : `${refused}: only webview/controls.ts may`;
  return from.packages === 'any' || from.packages.includes(name) ? undefined : refused;
}

/** @type {import('eslint').Rule.RuleModule} */
const rule = {
  meta: { type: 'problem', schema: [], messages: { forbidden: '{{reason}}' } },
  create(context) {
    /**
     * @param {any} node reported, and has the specifier as `source` in one of its shapes
     * @param {any} source
     * @param {boolean} typeOnly
     */
    const check = (node, source, typeOnly) => {
      if (!source) return;
      const specifier = source.type === 'TSLiteralType' ? source.literal.value : source.value;
      const reason =
        typeof specifier === 'string'
          ? objection(context.cwd, context.filename, specifier, typeOnly)
          : 'import a literal, so that lint can see what it is';
      if (reason) context.report({ node, messageId: 'forbidden', data: { reason } });
    };
    return {
      ImportDeclaration: (/** @type {any} */ node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (/** @type {any} */ node) =>
        check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (/** @type {any} */ node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (/** @type {any} */ node) => check(node, node.source, false),
      TSImportType: (/** @type {any} */ node) => check(node, node.source ?? node.argument, true),
      TSExternalModuleReference: (/** @type {any} */ node) => check(node, node.expression, false),
      'CallExpression[callee.name="require"]': (/** @type {any} */ node) =>
        check(node, node.arguments[0], false),
    };
  },
};

/** The rule as a plugin: `zones/imports`. */
export const zonesPlugin = { rules: { imports: rule } };
