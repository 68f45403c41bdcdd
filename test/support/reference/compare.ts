/** Compares what the core makes of a config with what the real class says of it. */
import { evaluatedFlops, flopsOfShapes } from '../../../src/core/measure/flops';
import { parameterTotals } from '../../../src/core/measure/parameters';
import type { Model } from '../../../src/core/model/module';
import { namedParameters } from '../../../src/core/model/walk';
import { build } from '../../../src/core/service';
import { shapesOf } from './inputs';
import './tables';
import { AND_MORE, configOf, expanded, expandedTies, type Row } from './rows';

/** What differs in one way, with everything that does. */
export interface Difference {
  /** `missing`, `left over`, `misshapen`, `tied otherwise`; for a single fact the fact itself. */
  readonly what: string;
  /** The tensors, in words. */
  readonly tensors: readonly string[];
}

export interface Verdict {
  /** The one number agrees: parameters in all, or FLOPs. */
  readonly total: boolean;
  /** Nothing, where the row is exact. */
  readonly differences: readonly Difference[];
}

/** What there is to say of a row; nothing of what it does not have. */
export interface Comparison {
  readonly parameters?: Verdict;
  readonly flops?: Verdict;
}

/** Builds the row's config once and compares what the row has. */
export function compare(row: Row): Comparison {
  const ofParameters = present(row.total) || present(row.params) || present(row.tied);
  const ofFlops = present(row.flops);
  const judged = judgeOf(row);
  return {
    ...(ofParameters ? { parameters: judged(parameterVerdict) } : {}),
    ...(ofFlops ? { flops: judged(flopVerdict) } : {}),
  };
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Parameters by name, shape and tie, where the row has them; else by their number. */
function parameterVerdict(model: Model, row: Row): Verdict {
  const { total } = parameterTotals(model.root);
  const agrees = row.total === undefined || total === row.total;
  const sum = agrees ? [] : [fact(`${counted(total)} parameters for ${counted(row.total)}`)];
  return { total: agrees, differences: [...sum, ...tensorDifferences(model, row)] };
}

/** FLOPs as FlopCounterMode sees them. */
function flopVerdict(model: Model, row: Row): Verdict {
  const shapes = row.inputs ?? row.shapes ?? {};
  const { total, unknown } =
    model.root.kind === 'composite' ? evaluatedFlops(model, shapes) : flopsOfShapes(model, shapesOf(model, shapes));
  if (unknown !== undefined) return { total: false, differences: [fact(`FLOPs are not known: ${unknown}`)] };
  const found = total.forward - total.unseen;
  const excess = found - BigInt(row.flops!);
  const sign = excess > 0n ? '+' : '';
  const words = `${counted(found)} FLOPs for ${counted(row.flops)} (${sign}${counted(excess)})`;
  return { total: excess === 0n, differences: excess === 0n ? [] : [fact(words)] };
}

/** A difference in a line, with its first tensors. */
export function inWords({ what, tensors }: Difference, shown = 6): string {
  if (tensors.length === 0) return what;
  const more = tensors.length > shown ? `, … ${tensors.length - shown} more` : '';
  return `${tensors.length} ${what}: ${tensors.slice(0, shown).join(', ')}${more}`;
}

/** Rows come from anywhere: whatever a wrong one makes the comparison throw is its verdict. */
function judgeOf(row: Row): (judge: (model: Model, row: Row) => Verdict) => Verdict {
  const caught = (work: () => Verdict): Verdict => {
    try {
      return work();
    } catch (error) {
      return { total: false, differences: [fact(String(error))] };
    }
  };
  try {
    const { model, problems } = build(JSON.stringify(configOf(row)));
    if (model !== undefined) return (judge) => caught(() => judge(model, row));
    const said = problems.map((each) => `${each.code} ${JSON.stringify(each.arguments)}`);
    const reason = fact(`not built: ${said.join('; ') || 'no model config'}`);
    return () => ({ total: false, differences: [reason] });
  } catch (error) {
    return () => ({ total: false, differences: [fact(String(error))] });
  }
}

function tensorDifferences(model: Model, row: Row): Difference[] {
  const params = row.params && expanded(row.params);
  const tied = row.tied && expandedTies(row.tied);
  const found = tensorsOf(model);
  const differences: Difference[] = [];
  const add = (what: string, tensors: string[]): void => {
    if (tensors.length > 0) differences.push({ what, tensors });
  };
  if (params !== undefined) {
    const missing = [...params].filter(([name]) => !found.params.has(name));
    const extra = [...found.params].filter(([name]) => !params.has(name));
    const both = [...params].filter(([name]) => found.params.has(name));
    const misshapen = both.filter(([name, shape]) => found.params.get(name)!.join() !== shape.join());
    const described = ([name, shape]: [string, readonly number[]]): string => `${name} [${shape.join()}]`;
    add('missing', missing.map(described));
    add('left over', extra.map(described));
    add(
      'misshapen',
      misshapen.map(([name, shape]) => `${name} [${found.params.get(name)!.join()}] for [${shape.join()}]`),
    );
  }
  if (tied !== undefined) {
    const all = Object.hasOwn(row.tied!, AND_MORE) ? tied.keys() : [...tied.keys(), ...found.tied.keys()];
    const names = new Set(all);
    const otherwise = [...names].filter((name) => tied.get(name) !== found.tied.get(name));
    const owner = (name: string | undefined): string => name ?? 'nothing';
    add(
      'tied otherwise',
      otherwise.map((name) => `${name} to ${owner(found.tied.get(name))} for ${owner(tied.get(name))}`),
    );
  }
  return differences;
}

/** Trainable tensors of a model, and the names tied to them. */
function tensorsOf(model: Model): { params: Map<string, readonly number[]>; tied: Map<string, string> } {
  const params = new Map<string, readonly number[]>();
  const tied = new Map<string, string>();
  for (const { parameter, names } of namedParameters(model.root)) {
    if (parameter.buffer) continue;
    params.set(names[0], parameter.shape);
    for (const other of names.slice(1)) tied.set(other, names[0]);
  }
  return { params, tied };
}

function fact(what: string): Difference {
  return { what, tensors: [] };
}

function counted(count: number | bigint | undefined): string {
  return count === undefined ? '?' : count.toLocaleString('en-US');
}
