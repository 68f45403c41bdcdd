/** Which tensor of the files each parameter of the tree is. */
import type { Experts, Module, Parameter } from '../../core/model/module';
import { namedParameters, walk, type NamedParameter } from '../../core/model/walk';
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import { matrix, type Shape } from '../tensor';
import { isWeight } from './formats';
import { prefixings, spellings } from './names';
import type { StoredTensor, WeightSource } from './source';

/** Rows of a parameter that one tensor holds, all of them from its first. */
interface Piece {
  readonly tensor: StoredTensor;
  readonly rows: number;
}

export interface Binding {
  /** Pieces in the order of a parameter's rows. */
  readonly pieces: ReadonlyMap<Parameter, readonly Piece[]>;
  /** Parameters that no file holds, by name. */
  readonly missing: readonly string[];
  /** Tensors that nothing in the tree is. */
  readonly unused: readonly string[];
}

/** Matches a tree with files; rejects as `weights` a shape that differs, and a quantised tensor. */
export async function bind(root: Module, source: WeightSource, pace: Pace): Promise<Binding> {
  const named = namedParameters(root);
  const found = await byTreeName(root, named, source, pace);
  const shapesOfExperts = expertShapes(root);
  const pieces = new Map<Parameter, readonly Piece[]>();
  const missing: string[] = [];
  for (const { parameter, names } of named) {
    const bound =
      whole(parameter, names, found) ?? perExpert(names[0], shapesOfExperts.get(parameter), found);
    if (bound === undefined) missing.push(names[0]);
    else pieces.set(parameter, bound);
  }
  const used = new Set(Array.from(pieces.values(), (bound) => bound.map(({ tensor }) => tensor.name)).flat());
  // A tied tensor may stand in the file under each of its names; one is read, all are wanted.
  for (const { names } of named) for (const name of names) used.add(found.get(name)?.name ?? '');
  const unused = [...source.tensors.keys()].filter((name) => !used.has(name));
  if (pieces.size === 0) {
    throw new RunFailure(
      'weights',
      `${source.files.join(', ')}: none of its ${source.tensors.size} tensors belongs to this model ` +
        `(wanted ${named[0]?.names[0]}, found ${[...source.tensors.keys()][0]}); check model_type and architectures`,
    );
  }
  return { pieces, missing, unused };
}

/** Tree names → tensors, for the prefix under which most of the tree's names are found. */
async function byTreeName(
  root: Module,
  named: readonly NamedParameter[],
  source: WeightSource,
  pace: Pace,
): Promise<Map<string, StoredTensor>> {
  const wanted = new Set(named.flatMap(({ names }) => names));
  const spelled: (readonly [StoredTensor, readonly string[]])[] = [];
  for (const tensor of source.tensors.values()) {
    spelled.push([tensor, spellings(tensor.name)]);
    await pace.step();
  }
  let best = new Map<string, StoredTensor>();
  let most = -1;
  for (const way of prefixings(root, source.tensors.keys())) {
    const found = new Map<string, StoredTensor>();
    let matches = 0;
    // Exact names go before renamed ones, so that an older spelling never takes the place of a tensor that is there.
    for (const exact of [true, false]) {
      for (const [tensor, names] of spelled) {
        await pace.step();
        for (const name of names) {
          for (const treeName of new Set([way(name), name])) {
            if ((name === tensor.name) !== exact || found.has(treeName)) continue;
            found.set(treeName, tensor);
            if (wanted.has(treeName)) matches++;
          }
        }
      }
    }
    if (matches > most) [best, most] = [found, matches];
  }
  return best;
}

function whole(
  parameter: Parameter,
  names: readonly string[],
  found: ReadonlyMap<string, StoredTensor>,
): readonly Piece[] | undefined {
  for (const name of names) {
    const tensor = found.get(name);
    if (tensor === undefined) continue;
    check(tensor, parameter.shape, name, parameter.buffer === true);
    return [{ tensor, rows: matrix(parameter.shape).rows }];
  }
  return undefined;
}

/** How a fused tensor of experts is made of tensors of single experts. */
interface ExpertShape {
  readonly count: number;
  /** Rows that each part gives to an expert, and the names that it may have. */
  readonly parts: readonly { readonly names: readonly string[]; readonly shape: Shape }[];
}

function expertShapes(root: Module): Map<Parameter, ExpertShape> {
  const shapes = new Map<Parameter, ExpertShape>();
  walk(root, (_, module) => {
    if (module.kind !== 'experts') return;
    const { count, intermediate, width }: Experts = module;
    const wide = [intermediate, width];
    shapes.set(module.gateUp, {
      count,
      parts: [
        { names: ['gate_proj', 'w1'], shape: wide },
        { names: ['up_proj', 'w3'], shape: wide },
      ],
    });
    shapes.set(module.down, { count, parts: [{ names: ['down_proj', 'w2'], shape: [width, intermediate] }] });
  });
  return shapes;
}

/** `….experts.gate_up_proj` from `….experts.0.gate_proj.weight`, `….experts.0.up_proj.weight` and so on. */
function perExpert(
  name: string,
  shape: ExpertShape | undefined,
  found: ReadonlyMap<string, StoredTensor>,
): readonly Piece[] | undefined {
  if (shape === undefined) return undefined;
  const holder = name.slice(0, name.lastIndexOf('.'));
  const pieces: Piece[] = [];
  for (let expert = 0; expert < shape.count; expert++) {
    for (const part of shape.parts) {
      const full = part.names.map((own) => `${holder}.${expert}.${own}.weight`).find((own) => found.has(own));
      if (full === undefined) return undefined;
      const tensor = found.get(full)!;
      check(tensor, part.shape, full, false);
      pieces.push({ tensor, rows: part.shape[0]! });
    }
  }
  return pieces;
}

function check(tensor: StoredTensor, shape: Shape, name: string, buffer: boolean): void {
  const { file, dtype } = tensor;
  const own = `${file}: tensor "${tensor.name}"`;
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
    throw new RunFailure(
      'weights',
      `${own} is [${tensor.shape.join(', ')}], and the config makes ${name} [${shape.join(', ')}]; ` +
        'set the config back to the values of these weights, or run it from a folder without weights',
    );
  }
  if (!buffer && !isWeight(dtype)) {
    throw new RunFailure(
      'weights',
      `${own} is ${dtype}: quantised weights can't be run yet; use the model's F16, BF16 or F32 weights`,
    );
  }
}
