/** A Python that is none: speaks the helper's frames, and misbehaves as a test wants it to. */

/** @typedef {{ id: number, do: string, run: number, of?: Record<string, number> }} Question */

const LAYERS = 3;
const HEADS = 2;
const LENGTH = 4;

/** @param {string} part what it does wrong, if anything */
export function play(part) {
  process.stderr.write('a warning\n');
  if (part === 'refuses') return send({ event: 'refused', detail: 'this Python has no torch' });
  if (part === 'silent') return void setInterval(() => {}, 1000);
  if (part === 'deadAtStart') return leave('ImportError: no libtorch');
  if (part === 'noise') process.stdout.write('Loading weights: 100%\n');
  if (part === 'huge') process.stdout.write(Buffer.from('ffffffffffff0000', 'hex'));
  send({ event: 'ready', python: '3.12.0', torch: '2.0', transformers: '5.0' });
  let held = Buffer.alloc(0);
  process.stdin.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 8 && held.length >= 8 + Number(held.readBigUInt64LE())) {
      const end = 8 + Number(held.readBigUInt64LE());
      const header = JSON.parse(held.toString('utf8', 16, 16 + Number(held.readBigUInt64LE(8))));
      held = held.subarray(end);
      answer(part, JSON.parse(header.__metadata__.message));
    }
  });
  process.stdin.on('end', () => process.exit(0));
}

/**
 * @param {string} part
 * @param {Question} question
 */
function answer(part, { id, do: what, run, of = {} }) {
  if (what === 'open') {
    if (part === 'memory') return send({ id, error: { code: 'memory', detail: '9 MB are free' } });
    if (part === 'unknownCode') return send({ id, error: { code: 'nonsense', detail: 'what' } });
    const layer = { place: 'self', heads: HEADS, queries: LENGTH, keys: LENGTH, groups: 1 };
    const layers = Array.from({ length: LAYERS }, (_, index) => ({ ...layer, path: `layers.${index}` }));
    const weights = { type: 'seeded', seed: 1, by: 'torch' };
    const rest = { withheld: ['layers.3: no attention'], missing: [], unused: [], device: 'cpu' };
    return send({ id, ok: { architecture: 'FakeModel', layers, weights, ...rest } });
  }
  if (what === 'start') {
    send({ event: 'layers', run, done: 1 });
    if (part === 'dies') return leave('Fatal Python error: Segmentation fault');
    if (part === 'killed') return void process.kill(process.pid, 'SIGKILL');
    if (part === 'stubborn') return;
    send({ event: 'layers', run, done: LAYERS });
    return send({ id, ok: {} });
  }
  if (what === 'thumbnails' && part === 'hangs') return;
  if (what === 'thumbnails') {
    const ok = { heads: HEADS, rows: LENGTH, columns: LENGTH, maximum: 0.5 };
    const bytes = Buffer.alloc(HEADS * LENGTH * LENGTH, 127);
    return send({ id, ok }, 'bytes', 'U8', [HEADS, LENGTH, LENGTH], bytes);
  }
  if (what === 'headMap') {
    const rows = part === 'wrongShape' ? 1 : LENGTH;
    const values = Float32Array.from({ length: rows * LENGTH }, () => (part === 'nan' ? NaN : of.head / 4));
    return send({ id, ok: {} }, 'values', 'F32', [rows, LENGTH], Buffer.from(values.buffer));
  }
  send({ id, ok: {} });
}

/** @param {string} words its last */
function leave(words) {
  process.stderr.write(`${words}\n`);
  process.exitCode = 3;
  process.stdin.destroy();
}

/**
 * @param {object} message
 * @param {string} [name]
 * @param {string} [dtype]
 * @param {number[]} [shape]
 * @param {Buffer} [bytes]
 */
function send(message, name, dtype, shape, bytes = Buffer.alloc(0)) {
  const tensor = name === undefined ? {} : { [name]: { dtype, shape, data_offsets: [0, bytes.length] } };
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { message: JSON.stringify(message) }, ...tensor }),
  );
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64LE(BigInt(8 + header.length + bytes.length), 0);
  lengths.writeBigUInt64LE(BigInt(header.length), 8);
  process.stdout.write(Buffer.concat([lengths, header, bytes]));
}
