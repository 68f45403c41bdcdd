import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isComplete } from '../../../scripts/lib/dependencies.mjs';
import { withLock } from '../../../scripts/lib/lock.mjs';
import { freePort } from '../../../scripts/lib/server.mjs';

const root = path.resolve(__dirname, '../../..');

describe('set-up', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'headlight-set-up-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe('lock', () => {
    it('lets one in at a time, and goes when the work is done', async () => {
      const file = path.join(folder, 'lock');
      let inside = 0;
      let most = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside--;
      };
      await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)]);
      assert.equal(most, 1);
      assert.equal(existsSync(file), false);
    });

    it('is taken over from a process that died with it', async () => {
      const file = path.join(folder, 'lock');
      const { pid } = spawnSync(process.execPath, ['--version']);
      writeFileSync(file, String(pid));
      assert.equal(
        await withLock(file, () => Promise.resolve(readFileSync(file, 'utf8'))),
        String(process.pid),
      );
    });

    it('goes when the work fails', async () => {
      const file = path.join(folder, 'lock');
      await assert.rejects(
        withLock(file, () => Promise.reject(new Error('work'))),
        /work/,
      );
      assert.equal(existsSync(file), false);
    });
  });

  describe('dependencies', () => {
    const lock = (packages: object) => {
      const file = path.join(mkdtempSync(path.join(folder, 'lock-')), 'package-lock.json');
      writeFileSync(file, JSON.stringify({ packages: { '': {}, ...packages } }));
      return file;
    };

    it('are complete with the same versions, whatever optional ones are absent', () => {
      const wanted = lock({
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b': { version: '2.0.0', optional: true },
      });
      assert.ok(isComplete(wanted, lock({ 'node_modules/a': { version: '1.0.0' } })));
    });

    it('are not with another version, without one, or without an install', () => {
      const wanted = lock({ 'node_modules/a': { version: '1.0.0' } });
      assert.equal(isComplete(wanted, lock({ 'node_modules/a': { version: '1.0.1' } })), false);
      assert.equal(isComplete(wanted, lock({})), false);
      assert.equal(isComplete(wanted, path.join(folder, 'absent.json')), false);
    });
  });

  describe('port', () => {
    it('is the next free one', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      try {
        assert.equal(await freePort(port, port), undefined);
        const next = await freePort(port, port + 20);
        assert.ok(next !== undefined && next > port);
      } finally {
        server.close();
      }
    });
  });

  describe('npm start', () => {
    /** Runs it with arguments that keep it from starting anything. */
    const start = (...args: string[]) =>
      spawnSync(process.execPath, ['scripts/start.mjs', ...args], { cwd: root, encoding: 'utf8' });

    it('explains itself', () => {
      const { status, stdout } = start('--help');
      assert.equal(status, 0);
      assert.match(stdout, /--port PORT/);
    });

    for (const [args, message] of [
      [['--port', 'x'], /number from 1 to 65535/],
      [['--port', '0'], /number from 1 to 65535/],
      [['--prot', '9000'], /--prot/],
      [['/no/such/folder'], /is not a folder/],
      [['a', 'b'], /one folder at most/],
    ] as const) {
      it(`refuses ${args.join(' ')} in words`, () => {
        const { status, stderr } = start(...args);
        assert.equal(status, 1);
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^\s+at /m);
      });
    }

    it('imports nothing from npm before it has installed it', () => {
      const scripts = path.join(folder, 'clone/scripts');
      mkdirSync(path.join(folder, 'clone/samples'), { recursive: true });
      const copy = spawnSync('cp', ['-r', path.join(root, 'scripts'), scripts]);
      assert.equal(copy.status, 0);
      for (const script of ['start.mjs', 'test.mjs']) {
        // Without a package-lock.json the first npm call fails, and nothing may fail before it.
        writeFileSync(path.join(folder, 'clone/package.json'), '{"private":true}');
        const { status, stderr } = spawnSync(process.execPath, [path.join(scripts, script)], {
          encoding: 'utf8',
        });
        assert.equal(status, 1);
        assert.match(stderr, /npm ci ended with/);
      }
    });
  });
});
