/** The model's name and total, and the buttons of the picture. */
import type { RefObject } from 'preact';
import type { SharingGraph } from '../../src/core/sharing/graph';
import { grouped, useWords } from '../shared/words';
import type { PictureView } from './Picture';

export function Toolbar(props: {
  readonly graph: SharingGraph;
  readonly tree: boolean;
  readonly ledger: boolean;
  readonly selected: string | undefined;
  readonly picture: RefObject<PictureView | null>;
  readonly onTree: (shown: boolean) => void;
  readonly onLedger: (shown: boolean) => void;
  readonly onReveal: (node: string) => void;
}) {
  const { graph, tree, ledger, selected, picture } = props;
  const words = useWords();
  const zoom = (label: string, text: string, go: () => void) => (
    <button class="plain-button" aria-label={label} title={label} onClick={go}>
      {text}
    </button>
  );
  return (
    <header class="toolbar">
      <h1>
        {graph.modelType} · {graph.architecture}
      </h1>
      <span class="total number">{words('graph.parameters', grouped(graph.total))}</span>
      <span class="buttons">
        {zoom(words('graph.zoomOut'), '−', () => picture.current?.zoomBy(0.8))}
        {zoom(words('graph.zoomIn'), '+', () => picture.current?.zoomBy(1.25))}
        {zoom(words('graph.fit'), words('graph.fit'), () => picture.current?.fit())}
        <button
          class="plain-button"
          disabled={selected === undefined}
          onClick={() => selected !== undefined && props.onReveal(selected)}
        >
          {words('graph.reveal')}
        </button>
        <button class="plain-button" aria-pressed={tree} onClick={() => props.onTree(!tree)}>
          {words('graph.modules')}
        </button>
        <button class="plain-button" aria-pressed={ledger} onClick={() => props.onLedger(!ledger)}>
          {words('graph.ledger')}
        </button>
      </span>
    </header>
  );
}
