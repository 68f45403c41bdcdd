/** Parameters of a tree: each shared tensor once. */
import { elements, type Experts, type Module, type Parameter } from '../model/module';
import { distinctParameters, modulesOf } from '../model/walk';

export interface ParameterTotals {
  /** Trainable, each shared one once. */
  readonly total: number;
  /** With buffers that checkpoints save. */
  readonly checkpoint: number;
}

export function parameterTotals(root: Module): ParameterTotals {
  let total = 0;
  let buffers = 0;
  for (const parameter of distinctParameters(root)) {
    const count = elements(parameter);
    if (parameter.buffer) buffers += count;
    else total += count;
  }
  return { total, checkpoint: total + buffers };
}

/** The parameters that one token meets, when experts are chosen; undefined where every parameter is used. */
export function activeParameters(
  root: Module,
  total: number,
): { withEmbedding: number; withoutEmbedding: number } | undefined {
  const idle = new Map<Experts, number>();
  const tables = new Set<Parameter>();
  const projections = new Set<Parameter>();
  modulesOf(root, (module) => {
    if (module.kind === 'experts') {
      const { gateUp, down, biases } = module;
      const held = biases === undefined ? [gateUp, down] : [gateUp, down, biases.gateUp, biases.down];
      const each = held.reduce((sum, tensor) => sum + elements(tensor), 0) / module.count;
      idle.set(module, each * Math.max(0, module.count - module.active));
    }
    if (module.kind === 'embedding' && module.of === 'tokens') tables.add(module.weight);
    if (module.kind === 'linear') projections.add(module.weight);
  });
  if (idle.size === 0) return undefined;
  let withEmbedding = total;
  for (const count of idle.values()) withEmbedding -= count;
  // A table that is also the output head takes part in every token's products.
  let withoutEmbedding = withEmbedding;
  for (const table of tables) if (!projections.has(table)) withoutEmbedding -= elements(table);
  return { withEmbedding, withoutEmbedding };
}
