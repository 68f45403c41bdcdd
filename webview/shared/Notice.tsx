/** A line above a panel's content: an error, a warning or news. */
import type { ComponentChildren } from 'preact';

export type NoticeKind = 'error' | 'warning' | 'info';

export function Notice(props: {
  readonly kind: NoticeKind;
  readonly text: string;
  /** What would help, in smaller words. */
  readonly help?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class={`notice ${props.kind}`} role={props.kind === 'info' ? 'status' : 'alert'}>
      <div class="notice-text">
        <span>{props.text}</span>
        {props.help !== undefined && <span class="dim">{props.help}</span>}
      </div>
      {props.children}
    </div>
  );
}
