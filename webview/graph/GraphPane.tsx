/** A graph with what is open, selected and marked in it. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SharedThing, SharingGraph } from '../../src/core/sharing/graph';
import { useWindowSize } from '../shared/pixels';
import { useTheme } from '../shared/theme';
import type { Change } from '../shared/vscode';
import { grouped, useWords } from '../shared/words';
import { BoxTexts } from './boxText';
import { layOut } from './layout';
import { Ledger } from './Ledger';
import { Legend } from './Legend';
import { carriedOpen, moveOf, nearestSeen, openTo, outlineOf, type Outline } from './outline';
import { Picture, type PictureView } from './Picture';
import { tiesOf } from './ties';
import { Toolbar } from './Toolbar';
import { Tree } from './Tree';
import type { View } from './viewState';

/** Levels of modules that are open at first. */
const usualDepth = 2;

export function GraphPane(props: {
  readonly graph: SharingGraph;
  readonly view: View;
  readonly onView: Change<View>;
  readonly onReveal: (node: string) => void;
}) {
  const { graph, view, onView, onReveal } = props;
  const words = useWords();
  const { font } = useTheme();
  const outline = useMemo(() => outlineOf(graph), [graph]);
  const open = useMemo(() => new Set(opensOf(outline, view)), [outline, view.open, view.opened]);
  const texts = useMemo(() => new BoxTexts(graph, words, font), [graph, words, font]);
  const layout = useMemo(
    () => layOut(outline, graph.data, open, (node, isOpen) => texts.size(node, isOpen)),
    [outline, graph, open, texts],
  );
  const ties = useMemo(
    () => tiesOf(graph.shared, view.marks, outline, layout),
    [graph, view.marks, outline, layout],
  );
  const [chosen, setChosen] = useState<SharedThing>();
  const [anchor, setAnchor] = useState<string>();
  const picture = useRef<PictureView>(null);
  useEffect(() => setChosen(undefined), [graph]);

  const { width, height } = useWindowSize();
  const showsTree = view.tree ?? width >= 700;
  const showsLedger = view.ledger ?? (width > 500 && height >= 600);
  const selected = view.selected !== undefined && layout.boxes.has(view.selected) ? view.selected : undefined;
  const node = selected === undefined ? undefined : outline.nodes.get(selected);
  const seen = useMemo(() => new Set(layout.boxes.keys()), [layout]);
  const outlined = [...new Set(chosen?.nodes.flatMap((id) => nearestSeen(outline, id, seen) ?? []))];

  const select = (id: string): void => {
    setChosen(undefined);
    onView({ selected: id });
  };
  const toggled = (id: string, old: View): Partial<View> => {
    const ids = opensOf(outline, old);
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    return { open: next, opened: true, selected: id };
  };
  const toggle = (id: string): void => {
    setAnchor(id);
    setChosen(undefined);
    onView((old) => toggled(id, old));
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key === '+' || key === '=') picture.current?.zoomBy(1.25);
    else if (key === '-') picture.current?.zoomBy(0.8);
    else if (key === '0') picture.current?.fit();
    else {
      if (moveOf(key, selected ?? outline.root.id, outline, open) === undefined) return;
      setAnchor(selected);
      setChosen(undefined);
      onView((old) => {
        const move = moveOf(key, old.selected ?? outline.root.id, outline, new Set(opensOf(outline, old)));
        if (move === undefined) return {};
        return 'toggle' in move ? toggled(move.toggle, old) : { selected: move.select };
      });
    }
    event.preventDefault();
  };

  const rootName = graph.architecture;
  const on = { onSelect: select, onToggle: toggle, onReveal, onKeyDown: keyDown };
  return (
    <>
      <Toolbar
        graph={graph}
        tree={showsTree}
        ledger={showsLedger}
        selected={selected}
        picture={picture}
        onTree={(tree) => onView({ tree })}
        onLedger={(ledger) => onView({ ledger })}
        onReveal={onReveal}
      />
      <Legend shared={graph.shared} shown={view.marks} onShow={(marks) => onView({ marks })} />
      <main class="graph-main">
        {showsTree && <Tree outline={outline} rootName={rootName} open={open} selected={selected} {...on} />}
        <Picture
          view={picture}
          label={words('graph.picture')}
          layout={layout}
          texts={texts}
          ties={ties}
          selected={selected}
          chosen={chosen}
          outlined={outlined}
          anchor={anchor}
          onChoose={setChosen}
          {...on}
        />
      </main>
      <p class="selected-line number" role="status">
        {node !== undefined &&
          [
            node.id === '' ? rootName : node.id,
            node.detail === '' ? node.kind : node.detail,
            node.parameters > 0 ? words('graph.parameters', grouped(node.parameters)) : '',
            words('graph.flops', grouped(BigInt(node.flops))),
            node.count > 1 ? words('graph.folded', grouped(node.count)) : '',
            node.applications > 1 ? words('graph.runs', grouped(node.applications)) : '',
          ]
            .filter((part) => part !== '')
            .join(' · ')}
      </p>
      {showsLedger && <Ledger graph={graph} shown={view.marks} chosen={chosen} onChoose={setChosen} />}
    </>
  );
}

/** What is open of a graph: what the user left open, or the first levels. */
function opensOf(outline: Outline, view: View): string[] {
  return view.opened ? carriedOpen(outline, view.open) : openTo(outline, usualDepth);
}
