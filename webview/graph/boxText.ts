/** What stands in a box, and how large the box must be for it. */
import type { GraphNode, SharingGraph } from '../../src/core/sharing/graph';
import { elided } from '../shared/text';
import { grouped, type Words } from '../shared/words';
import { heading, type BoxSize } from './arrange';

export interface BoxText {
  readonly name: string;
  /** × 32 where it stands for equal modules. */
  readonly times: string;
  readonly detail: string;
  readonly parameters: string;
}

const most = 260;
const least = 108;
const lineHeight = 16;
/** Room for the chevron, the gap before the badge, and the badge's own margins. */
const room = { sides: 24, chevron: 14, badge: 18 };

export class BoxTexts {
  private readonly context: OffscreenCanvasRenderingContext2D;
  private readonly known = new Map<GraphNode, BoxText>();

  constructor(
    private readonly graph: SharingGraph,
    private readonly words: Words,
    private readonly font: string,
  ) {
    this.context = new OffscreenCanvas(1, 1).getContext('2d')!;
  }

  of(node: GraphNode): BoxText {
    const known = this.known.get(node);
    if (known !== undefined) return known;
    const { words } = this;
    const text = {
      name: this.fit(node.name === '' ? this.graph.architecture : node.name, true, most),
      times: node.count > 1 ? words('graph.times', grouped(node.count)) : '',
      detail: this.fit(node.detail === '' ? node.kind : node.detail, false, most),
      parameters: node.parameters > 0 ? words('graph.parameters', grouped(node.parameters)) : '',
    };
    this.known.set(node, text);
    return text;
  }

  size(node: GraphNode, open: boolean): BoxSize {
    const { name, times, detail, parameters } = this.of(node);
    const badge = times === '' ? 0 : this.width(times, false) + room.badge;
    const top = room.chevron + this.width(name, true) + badge;
    if (open) return { width: top + room.sides + this.width(parameters, false) + 24, height: heading };
    const lines = parameters === '' ? 2 : 3;
    const widest = Math.max(top, this.width(detail, false), this.width(parameters, false));
    return { width: Math.max(least, Math.ceil(widest) + room.sides), height: lines * lineHeight + 12 };
  }

  /** Width in CSS pixels at the size of the picture's text. */
  width(text: string, strong: boolean): number {
    this.context.font = this.fontOf(strong);
    return this.context.measureText(text).width;
  }

  private fit(text: string, strong: boolean, width: number): string {
    this.context.font = this.fontOf(strong);
    return elided(this.context, text, width);
  }

  private fontOf(strong: boolean): string {
    return `${strong ? '600 ' : ''}12px ${this.font}`;
  }
}
