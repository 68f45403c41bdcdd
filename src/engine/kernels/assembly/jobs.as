/**
 * Work that threads share: a job's description stands at a fixed place, its chunks are claimed one at a time, and
 * whoever claimed one does it. The engine's own thread opens jobs and takes part; helpers sleep until one is opened.
 *
 * A helper that wakes late counts itself in before it claims, and finds a closed job or the next one, both well formed.
 */
import { attendChunk, Attend, packHeadChunk } from './attention';
import { productChunk, GEMM_SCRATCH, Product, TILE_SCRATCH } from './gemm';
import { elementsChunk, Elements, normChunk, Norm } from './rows';
import { fillRow } from './seeded';

/** Words of the control block, as wasm/pool.ts names them; the description follows at JOB. */
const CONTROL: usize = 4096;
const EPOCH: usize = CONTROL;
const NEXT: usize = CONTROL + 64;
const CHUNKS: usize = CONTROL + 128;
const ACTIVE: usize = CONTROL + 192;
const KIND: usize = CONTROL + 256;
const FAULT: usize = CONTROL + 260;
const STOP: usize = CONTROL + 264;
const JOB: usize = CONTROL + 320;

const PRODUCT: u32 = 0;
const PACK_HEADS: u32 = 1;
const ATTEND: u32 = 2;
const NORM: u32 = 3;
const ELEMENTS: u32 = 4;
const SEEDED: u32 = 5;

@unmanaged
class Seeded {
  tensor: u32;
  out: u32;
  first: u32;
  rows: u32;
  columns: u32;
  chunk: u32;
}

/** Bytes of scratch that a thread needs. */
export function scratchSize(): u32 {
  return <u32>GEMM_SCRATCH;
}

/** Where the control block is. */
export function control(): u32 {
  return <u32>CONTROL;
}

function work(chunk: u32, thread: u32, scratch: usize): void {
  switch (load<u32>(KIND)) {
    case PRODUCT: {
      if (!productChunk(changetype<Product>(JOB), chunk, scratch)) tell(<i32>chunk);
      break;
    }
    case PACK_HEADS: {
      packHeadChunk(changetype<Attend>(JOB), chunk);
      break;
    }
    case ATTEND: {
      const fault = attendChunk(changetype<Attend>(JOB), chunk, thread, scratch + TILE_SCRATCH);
      if (fault >= 0) tell(fault);
      break;
    }
    case NORM: {
      normChunk(changetype<Norm>(JOB), chunk);
      break;
    }
    case ELEMENTS: {
      elementsChunk(changetype<Elements>(JOB), chunk);
      break;
    }
    case SEEDED: {
      seededChunk(changetype<Seeded>(JOB), chunk);
      break;
    }
  }
}

/** Keeps the first fault of a job, whoever finds it. */
function tell(fault: i32): void {
  while (true) {
    const known = atomic.load<i32>(FAULT);
    if (known >= 0 && known <= fault) return;
    if (atomic.cmpxchg<i32>(FAULT, known, fault) == known) return;
  }
}

function seededChunk(p: Seeded, chunk: u32): void {
  const from = chunk * p.chunk;
  const to = min(p.rows, from + p.chunk);
  for (let row = from; row < to; row++) {
    fillRow(p.tensor, p.first + row, 0, p.columns, p.out + <usize>row * p.columns * 4);
  }
}

/** Does one chunk; false where none is left. */
export function step(thread: u32, scratch: usize): bool {
  const chunk = atomic.add<u32>(NEXT, 1);
  if (chunk >= load<u32>(CHUNKS)) return false;
  work(chunk, thread, scratch);
  return true;
}

/** A helper's life: sleeps until a job is opened, takes part, and returns when told to stop. */
export function serve(thread: u32, scratch: usize): void {
  let epoch: i32 = 0;
  while (true) {
    atomic.wait<i32>(EPOCH, epoch, -1);
    epoch = atomic.load<i32>(EPOCH);
    if (atomic.load<i32>(STOP)) return;
    atomic.add<i32>(ACTIVE, 1);
    while (step(thread, scratch)) {}
    if (atomic.sub<i32>(ACTIVE, 1) == 1) atomic.notify(ACTIVE, 1);
  }
}

export function zero(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}
