/** A parsed config: values with their places in the text, what was given, what was filled, what is wrong. */
import type { Problem, ProblemArguments, ProblemCode, Span, ValueType } from '../analysis';
import type { Key, Keys, Values } from './keys';
import { plain, properties, span, type Node } from './parse';

/** A key that the blueprint read. */
export interface ReadKey {
  /** Dotted path of the spelling that the file uses, or of the class's own where it is missing. */
  readonly path: string;
  readonly key: Key<unknown>;
  readonly value: unknown;
  readonly source: 'given' | 'default';
}

/** Values put in the place of the text's, by path: how what-ifs ask. */
export type Overrides = Readonly<Record<string, unknown>>;

/** Where a nested config stands. */
interface Within {
  readonly parent: Config;
  /** Dotted path of the object, with a dot behind. */
  readonly prefix: string;
  /** The file leaves it out: it has no keys, and the place of its parent. */
  readonly missing?: true;
  /** Defaults of its own where it is left out. */
  readonly absent?: Readonly<Record<string, unknown>>;
}

export class Config {
  /** Everything read so far, here and in what is nested, in the order of reading. */
  readonly read: ReadKey[];
  readonly problems: Problem[];
  /** Every spelling that the blueprint asked for. */
  private readonly asked = new Set<string>();
  private readonly given: ReadonlyMap<string, Node>;
  /** Sub-configs that the blueprint asked for, by name. */
  private readonly parts = new Map<string, Config>();

  constructor(
    private readonly object: Node,
    private readonly overrides: Overrides = {},
    private readonly within?: Within,
  ) {
    this.given = within?.missing === true ? new Map<string, Node>() : properties(object);
    this.read = within?.parent.read ?? [];
    this.problems = within?.parent.problems ?? [];
  }

  /**
   * The config that stands in this one under `name` (`text_config`): its keys have dotted paths, and count as keys of
   * this file in everything that is read, wrong, replaced or never read. Missing or null it is an empty one, at the
   * place of this.
   *
   * @param absent values that the class takes where the whole object is missing, and not where it only lacks them.
   */
  nested(name: string, absent: Readonly<Record<string, unknown>> = {}): Config {
    const known = this.parts.get(name);
    if (known !== undefined) return known;
    this.asked.add(name);
    const node = this.given.get(name);
    const there = node?.type === 'object';
    if (node !== undefined && node.type !== 'null') this.typed(name, node, there, 'object');
    const prefix = `${this.prefix}${name}.`;
    const part = there
      ? new Config(node, this.overrides, { parent: this, prefix })
      : new Config(this.object, this.overrides, { parent: this, prefix, missing: true, absent });
    this.parts.set(name, part);
    return part;
  }

  /** False for a nested config that the file leaves out. */
  get isGiven(): boolean {
    return this.within?.missing !== true;
  }

  private get prefix(): string {
    return this.within?.prefix ?? '';
  }

  /** Where the object stands. */
  get span(): Span {
    return span(this.object);
  }

  /** A value of the file as it stands, without judgement; undefined where it is missing (and has no default of its place). */
  raw(name: string): unknown {
    const node = this.given.get(name);
    return node === undefined ? this.within?.absent?.[name] : plain(node);
  }

  /** The place of a key's value; a dotted path leads into nested configs that were asked for. */
  spanOf(path: string): Span | undefined {
    const node = this.given.get(path);
    if (node !== undefined) return span(node);
    const dot = path.indexOf('.');
    return dot < 0 ? undefined : this.parts.get(path.slice(0, dot))?.spanOf(path.slice(dot + 1));
  }

  /** Reads keys: given values that are legal, defaults otherwise. What is not legal becomes a problem at its place. */
  values<K extends Keys>(keys: K): Values<K> {
    const found: Record<string, unknown> = {};
    for (const name of Object.keys(keys)) found[name] = this.value(name, keys[name]!);
    return found as Values<K>;
  }

  /** Reports a value that is legal alone and not with the others, at the key that the file gives, or at the object. */
  reject<C extends ProblemCode>(path: string, code: C, args: ProblemArguments[C]): void {
    this.problem(this.given.get(path) ?? this.object, code, args);
  }

  /** The whole object, with what is put in the place of the file's values. */
  plain(): Record<string, unknown> {
    const found = plain(this.object) as Record<string, unknown>;
    for (const [path, value] of Object.entries(this.overrides)) {
      const names = path.split('.');
      const last = names.pop()!;
      const holder = names.reduce<unknown>(
        (object, name) => (object as Record<string, unknown> | undefined)?.[name],
        found,
      );
      if (typeof holder === 'object' && holder !== null) (holder as Record<string, unknown>)[last] = value;
    }
    return found;
  }

  /** Names in the object at a dotted path that ends with a dot; the path of the whole is empty. */
  at(path: string): ReadonlySet<string> {
    const names = path.split('.').slice(0, -1);
    const object = names.reduce<unknown>(
      (each, name) => (each as Record<string, unknown> | undefined)?.[name],
      this.plain(),
    );
    return new Set(typeof object === 'object' && object !== null ? Object.keys(object) : []);
  }

  /** Takes names at a dotted path as asked for. */
  known(path: string, names: Iterable<string>): void {
    const part = path
      .split('.')
      .slice(0, -1)
      .reduce<Config>((config, name) => config.nested(name), this);
    for (const name of names) part.asked.add(name);
  }

  /** The value of a key is not of the type that it has to be. */
  mistyped(name: string, expected: ValueType): void {
    const node = this.given.get(name);
    if (node !== undefined) this.typed(name, node, false, expected);
  }

  /** What is no mistake, and leaves the model unknown. */
  note<C extends ProblemCode>(code: C, args: ProblemArguments[C]): void {
    const where = this.spanOf('model_type') ?? this.span;
    this.problems.push({ code, severity: 'information', span: where, arguments: args } as Problem);
  }

  /** Dotted paths in the file that nobody asked for: of this object, and of the nested ones that were asked for. */
  unread(): string[] {
    const own = [...this.given.keys()].filter((name) => !this.asked.has(name));
    const below = [...this.parts.values()].flatMap((part) => part.unread());
    return [...own.map((name) => this.prefix + name), ...below];
  }

  private value(name: string, key: Key<unknown>): unknown {
    const spellings = [...key.aliases, name];
    for (const each of spellings) this.asked.add(each);
    const given = spellings.filter((candidate) => this.given.has(candidate));
    const spelling = given.find((candidate) => this.given.get(candidate)!.type !== 'null') ?? given[0];
    const path = this.prefix + (spelling ?? name);
    if (Object.hasOwn(this.overrides, path)) {
      const value = this.overrides[path];
      this.read.push({ path, key, value, source: 'given' });
      return value;
    }
    const node = spelling === undefined ? undefined : this.given.get(spelling);
    const value = node === undefined ? undefined : this.legal(spelling!, key, node);
    const source = value === undefined ? 'default' : 'given';
    const taken = value === undefined ? this.fallback(name, key) : value;
    this.read.push({ path, key, value: taken, source });
    return taken;
  }

  /** What the class takes for a key that the file leaves out. */
  private fallback(name: string, key: Key<unknown>): unknown {
    const absent = this.within?.absent;
    return absent !== undefined && Object.hasOwn(absent, name) ? absent[name] : key.fallback;
  }

  /** The node's value if the key may have it, else undefined, with a problem where that is a mistake. */
  private legal(name: string, key: Key<unknown>, node: Node): unknown {
    const value = plain(node);
    if (value === null) {
      if (key.nullIsValue) return null;
      if (!key.nullable) this.problem(node, 'key.null', { key: this.prefix + name });
      return undefined;
    }
    switch (key.type) {
      case 'any':
        return value;
      case 'flag':
        return this.typed(name, node, typeof value === 'boolean', key.type) ? value : undefined;
      case 'text':
        if (!this.typed(name, node, typeof value === 'string', key.type)) return undefined;
        return this.isLegalText(name, key, node, value as string) ? value : undefined;
      case 'array':
        return this.typed(name, node, Array.isArray(value), key.type) ? value : undefined;
      case 'object':
        return this.typed(name, node, node.type === 'object', key.type) ? value : undefined;
      case 'pair': {
        const both = Array.isArray(value) ? (value as unknown[]) : [value, value];
        const fits = both.length === 2 && both.every((each) => Number.isInteger(each));
        if (!this.typed(name, node, fits, key.type)) return undefined;
        return both.every((each) => this.inRange(name, key, node, each as number)) ? both : undefined;
      }
      case 'list': {
        const items = Array.isArray(value) ? (value as unknown[]) : [];
        const fits = items.length > 0 && items.every((each) => Number.isInteger(each));
        if (!this.typed(name, node, fits, key.type)) return undefined;
        return items.every((each) => this.inRange(name, key, node, each as number)) ? items : undefined;
      }
      case 'integer':
      case 'number': {
        const whole = key.type === 'integer';
        const fits = typeof value === 'number' && (!whole || Number.isInteger(value));
        if (!this.typed(name, node, fits, key.type)) return undefined;
        return this.inRange(name, key, node, value as number) ? value : undefined;
      }
    }
  }

  private isLegalText(name: string, key: Key<unknown>, node: Node, found: string): boolean {
    const fits = key.values?.includes(found) ?? true;
    if (!fits) this.problem(node, 'key.value', { key: this.prefix + name, allowed: key.values ?? [], found });
    return fits;
  }

  private inRange(name: string, key: Key<unknown>, node: Node, found: number): boolean {
    const { min, max } = key;
    const fits = found >= min && found <= max;
    if (!fits) this.problem(node, 'key.range', { key: this.prefix + name, min, max, found });
    return fits;
  }

  private typed(name: string, node: Node, fits: boolean, expected: ValueType): boolean {
    if (!fits) {
      const value = plain(node);
      const compound = node.type === 'object' || node.type === 'array';
      const found = compound ? node.type : typeof value === 'string' ? JSON.stringify(value) : String(value);
      this.problem(node, 'key.type', { key: this.prefix + name, expected, found });
    }
    return fits;
  }

  private problem<C extends ProblemCode>(node: Node, code: C, args: ProblemArguments[C]): void {
    this.problems.push({ code, severity: 'error', span: span(node), arguments: args } as Problem);
  }
}
