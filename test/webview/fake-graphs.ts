/** Graphs of models that do not exist, made as the core makes them: folded, nested, with data edges and ties. */
import type { DataEdge, GraphNode, SharedThing, SharingGraph } from '../../src/core/sharing/graph';

interface Part {
  readonly name: string;
  readonly kind: string;
  readonly detail?: string;
  readonly parameters?: number;
  readonly count?: number;
  readonly applications?: number;
  readonly children?: readonly Part[];
  /** Data edges by name; '' is the module itself. Without it, one child after the other. */
  readonly edges?: readonly (readonly [string, string])[];
}

function graphOf(
  modelType: string,
  architecture: string,
  root: Part,
  shared: readonly SharedThing[],
): SharingGraph {
  const nodes: GraphNode[] = [];
  const data: DataEdge[] = [];
  const add = (part: Part, id: string, parent: string | undefined, times: number): number => {
    const at = nodes.length;
    const count = times * (part.count ?? 1);
    nodes.push(undefined as never);
    const children = part.children ?? [];
    const idOf = (name: string): string => (name === '' ? id : id === '' ? name : `${id}.${name}`);
    let parameters = (part.parameters ?? 0) * count;
    for (const child of children) parameters += add(child, idOf(child.name), id, count);
    const chain = ['', ...children.map(({ name }) => name), ''];
    const inLine = chain.slice(1).map((to, index) => [chain[index]!, to] as const);
    const edges = part.edges ?? (children.length === 0 ? [] : inLine);
    for (const [from, to] of edges) data.push({ from: idOf(from), to: idOf(to) });
    nodes[at] = {
      id,
      ...(parent === undefined ? {} : { parent }),
      name: part.name,
      kind: part.kind,
      count: part.count ?? 1,
      applications: part.applications ?? 1,
      parameters,
      flops: String(BigInt(parameters) * 2048n),
      detail: part.detail ?? '',
    };
    return parameters;
  };
  const total = add(root, '', undefined, 1);
  return { modelType, architecture, total, nodes, data, shared };
}

function linear(name: string, inputs: number, outputs: number): Part {
  return { name, kind: 'linear', detail: `${inputs} → ${outputs}`, parameters: inputs * outputs };
}

function norm(name: string, width: number): Part {
  return { name, kind: 'norm', detail: `RMS norm, ${width}`, parameters: width };
}

function layer(name: string, count: number, width: number, keyValue: number, inner: number): Part {
  return {
    name,
    kind: 'block',
    detail: 'layer',
    count,
    children: [
      norm('input_layernorm', width),
      {
        name: 'self_attn',
        kind: 'attention',
        detail: '32 heads · 8 K/V heads',
        children: [
          linear('q_proj', width, width),
          linear('k_proj', width, keyValue),
          linear('v_proj', width, keyValue),
          linear('o_proj', width, width),
        ],
        edges: [
          ['', 'q_proj'],
          ['', 'k_proj'],
          ['', 'v_proj'],
          ['q_proj', 'o_proj'],
          ['k_proj', 'o_proj'],
          ['v_proj', 'o_proj'],
          ['o_proj', ''],
        ],
      },
      norm('post_attention_layernorm', width),
      {
        name: 'mlp',
        kind: 'mlp',
        detail: `${width} → ${inner} → ${width}, silu`,
        children: [
          linear('gate_proj', width, inner),
          linear('up_proj', width, inner),
          linear('down_proj', inner, width),
        ],
        edges: [
          ['', 'gate_proj'],
          ['', 'up_proj'],
          ['gate_proj', 'down_proj'],
          ['up_proj', 'down_proj'],
          ['down_proj', ''],
        ],
      },
    ],
    edges: [
      ['', 'input_layernorm'],
      ['input_layernorm', 'self_attn'],
      ['', 'post_attention_layernorm'],
      ['self_attn', 'post_attention_layernorm'],
      ['post_attention_layernorm', 'mlp'],
      ['self_attn', ''],
      ['mlp', ''],
    ],
  };
}

/** A small Llama with a tied head, grouped heads and weights used at every position. */
export function tiedDecoder(layers = 32): SharingGraph {
  const width = 2048;
  const stack = `model.layers.{0-${layers - 1}}`;
  const embedding = {
    name: 'embed_tokens',
    kind: 'embedding',
    detail: '128256 × 2048',
    parameters: 128256 * width,
  };
  const root: Part = {
    name: '',
    kind: 'block',
    detail: 'model',
    children: [
      {
        name: 'model',
        kind: 'block',
        detail: 'stack',
        children: [
          embedding,
          layer(`layers.{0-${layers - 1}}`, layers, width, 512, 8192),
          norm('norm', width),
        ],
      },
      { name: 'lm_head', kind: 'linear', detail: '2048 → 128256', parameters: 0 },
    ],
  };
  const linears = [
    'self_attn.q_proj',
    'self_attn.k_proj',
    'self_attn.v_proj',
    'self_attn.o_proj',
    'mlp.down_proj',
  ];
  return graphOf('llama', 'LlamaForCausalLM', root, [
    {
      mark: 'tiedTensor',
      name: 'model.embed_tokens.weight',
      users: ['model.embed_tokens.weight', 'lm_head.weight'],
      nodes: ['model.embed_tokens', 'lm_head'],
      shape: [128256, width],
      unique: 128256 * width,
      applications: 2,
      saves: 128256 * width,
      evidence: 'config',
    },
    {
      mark: 'groupedHeads',
      name: `${stack}.self_attn`,
      users: [`${stack}.self_attn`],
      nodes: [`${stack}.self_attn`],
      unique: layers * 2 * width * 512,
      applications: 4,
      saves: layers * 6 * width * 512,
      evidence: 'config',
    },
    ...linears.map((name): SharedThing => ({
      mark: 'broadcast',
      name: `${stack}.${name}.weight`,
      users: [`${stack}.${name}.weight`],
      nodes: [`${stack}.${name}`],
      unique: layers * width * width,
      applications: 2048,
      saves: 0,
      evidence: 'architecture',
    })),
  ]);
}

/** One layer that runs twelve times. */
export function repeatedEncoder(): SharingGraph {
  const name = 'albert.encoder.layer';
  const root: Part = {
    name: '',
    kind: 'block',
    detail: 'model',
    children: [
      {
        name: 'albert',
        kind: 'block',
        detail: 'stack',
        children: [
          { name: 'embeddings', kind: 'embedding', detail: '30000 × 128', parameters: 30000 * 128 },
          {
            name: 'encoder',
            kind: 'block',
            detail: 'stack',
            children: [{ ...layer('layer', 1, 768, 768, 3072), applications: 12 }],
          },
        ],
      },
      linear('predictions', 768, 128),
    ],
  };
  return graphOf('albert', 'AlbertForMaskedLM', root, [
    {
      mark: 'repeatedModule',
      name,
      users: [name],
      nodes: [name],
      unique: 7077888,
      applications: 12,
      saves: 11 * 7077888,
      evidence: 'architecture',
    },
  ]);
}

/** `blocks` blocks of `leaves` modules each, nothing folded. */
export function largeGraph(blocks: number, leaves: number): SharingGraph {
  const children = Array.from({ length: blocks }, (_, block): Part => ({
    name: `block_${block}`,
    kind: 'block',
    detail: 'part',
    children: Array.from({ length: leaves }, (_, leaf) => linear(`linear_${leaf}`, 64, 64)),
  }));
  return graphOf('large', 'LargeModel', { name: '', kind: 'block', detail: 'model', children }, []);
}
