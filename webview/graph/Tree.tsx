/** The picture's twin: the same modules as a tree, for keyboard and screen reader. */
import { useEffect, useRef } from 'preact/hooks';
import { grouped, useWords } from '../shared/words';
import { childrenOf, seenNodes, type Outline } from './outline';

export function Tree(props: {
  readonly outline: Outline;
  readonly rootName: string;
  readonly open: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (node: string) => void;
  readonly onToggle: (node: string) => void;
  readonly onReveal: (node: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { outline, open, onSelect, onToggle } = props;
  const words = useWords();
  const tree = useRef<HTMLDivElement>(null);
  const current = props.selected ?? outline.root.id;
  // The focus follows the selection, but is never taken from elsewhere.
  useEffect(() => {
    const item = tree.current?.querySelector<HTMLElement>('[tabindex="0"]');
    if (tree.current?.contains(document.activeElement) === true) item?.focus();
    item?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <div class="tree" role="tree" aria-label={words('graph.modules')} ref={tree} onKeyDown={props.onKeyDown}>
      {seenNodes(outline, open).map(({ node, depth, position, siblings }) => {
        const hasChildren = childrenOf(outline, node.id).length > 0;
        const name = node.name === '' ? props.rootName : node.name;
        return (
          <div
            key={node.id}
            role="treeitem"
            aria-level={depth + 1}
            aria-posinset={position}
            aria-setsize={siblings}
            aria-expanded={hasChildren ? open.has(node.id) : undefined}
            aria-selected={node.id === props.selected}
            tabIndex={node.id === current ? 0 : -1}
            data-id={node.id}
            title={[node.id, node.detail].filter((line) => line !== '').join('\n')}
            style={{ paddingLeft: `${4 + depth * 12}px` }}
            onClick={() => onSelect(node.id)}
            onDblClick={() => props.onReveal(node.id)}
          >
            <span
              class="twist"
              aria-hidden="true"
              onClick={(event) => {
                event.stopPropagation();
                if (hasChildren) onToggle(node.id);
              }}
            >
              {hasChildren ? (open.has(node.id) ? '▾' : '▸') : ''}
            </span>
            <span class="tree-name">{name}</span>
            {node.count > 1 && <span class="times-badge">{words('graph.times', grouped(node.count))}</span>}
            <span class="dim number tree-figure">{node.parameters > 0 && grouped(node.parameters)}</span>
          </div>
        );
      })}
    </div>
  );
}
