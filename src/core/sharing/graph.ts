/** The shared-weight graph as plain data: modules nested as in the model, parameters, data edges and ties. */

export type SharingMark =
  /** One tensor under several names (tied embeddings). */
  | 'tiedTensor'
  /** One module applied several times (an ALBERT layer). */
  | 'repeatedModule'
  /** One weight used at every position inside an operation (convolution, linear over tokens). */
  | 'broadcast'
  /** One key/value head for a group of query heads. */
  | 'groupedHeads'
  /** Equal structure with weights of its own: folding, not sharing. */
  | 'folded';

export type Evidence = 'weights' | 'config' | 'architecture';

export interface GraphNode {
  /** Path with folded indices, unique in the graph; '' is the model. */
  readonly id: string;
  readonly parent?: string;
  readonly name: string;
  readonly kind: string;
  /** How many equal modules this one stands for; 1 where it stands for itself. */
  readonly count: number;
  /** How often a forward pass runs each of them. */
  readonly applications: number;
  /** Parameters of all `count`, shared ones counted where they first stand. */
  readonly parameters: number;
  /** Exact decimal FLOPs of the workload (larger than a double can hold exactly). */
  readonly flops: string;
  /** A line of facts: `4096 → 14336`, `32 heads · 8 K/V heads`. */
  readonly detail: string;
}

/** Data's way between siblings (ids of children of one parent, or the parent itself as source or target). */
export interface DataEdge {
  readonly from: string;
  readonly to: string;
  /** Goes around what lies between: a residual connection. */
  readonly skip?: true;
}

export interface SharedThing {
  readonly mark: Exclude<SharingMark, 'folded'>;
  /** Its own name: a parameter, a module, or the module in which it is broadcast or grouped. */
  readonly name: string;
  /** Every name under which it is used, its own first. */
  readonly users: readonly string[];
  /** Ids of the nodes of the users, in the same order. */
  readonly nodes: readonly string[];
  readonly shape?: readonly number[];
  /** Parameters held once. */
  readonly unique: number;
  /** Uses of it in a forward pass; where several are folded, of the one that is used most. */
  readonly applications: number;
  /** What copies for each user would add. */
  readonly saves: number;
  readonly evidence: Evidence;
}

export interface SharingGraph {
  readonly modelType: string;
  readonly architecture: string;
  readonly total: number;
  readonly nodes: readonly GraphNode[];
  readonly data: readonly DataEdge[];
  readonly shared: readonly SharedThing[];
}
