/**
 * The form controls of the panels, and the only file that knows the webview toolkit. The toolkit is archived and large:
 * whatever replaces it is changed here, and a panel without form controls does not import this file.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { h, type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextArea(),
  vsCodeTextField(),
);

/** An element of the toolkit that holds a value. */
interface Holding extends HTMLElement {
  value: string;
}

export function Button(props: {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly secondary?: boolean;
  readonly disabled?: boolean;
}) {
  const { children, onClick, secondary = false, disabled = false } = props;
  return h('vscode-button', { appearance: secondary ? 'secondary' : 'primary', disabled, onClick }, children);
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly disabled?: boolean;
}

/** One line of text. */
export function TextField({
  label,
  value,
  onInput,
  disabled = false,
  size,
}: FieldProps & { readonly size: number }) {
  return h(
    'vscode-text-field',
    { value, disabled, size, onInput: (event: Event) => onInput((event.currentTarget as Holding).value) },
    label,
  );
}

/** Several lines of text. */
export function TextArea({
  label,
  value,
  onInput,
  disabled = false,
  rows,
}: FieldProps & { readonly rows: number }) {
  const element = useRef<Holding>(null);
  // The toolkit hands no `dir` on, and on its own element the label would decide.
  useEffect(() => element.current?.shadowRoot?.querySelector('textarea')?.setAttribute('dir', 'auto'), []);
  return h(
    'vscode-text-area',
    {
      ref: element,
      value,
      disabled,
      rows,
      resize: 'vertical',
      onInput: (event: Event) => onInput((event.currentTarget as Holding).value),
    },
    label,
  );
}

/** A choice of one; `label` stands before it. */
export function Dropdown<V extends string>(props: {
  readonly label: string;
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly text: string }[];
  readonly onChange: (value: V) => void;
}) {
  const element = useRef<Holding>(null);
  useEffect(() => {
    if (element.current !== null && element.current.value !== props.value)
      element.current.value = props.value;
  }, [props.value]);
  return h(
    'label',
    { class: 'dropdown' },
    h('span', null, props.label),
    h(
      'vscode-dropdown',
      {
        ref: element,
        'aria-label': props.label,
        onChange: (event: Event) => props.onChange((event.currentTarget as Holding).value as V),
      },
      props.options.map(({ value, text }) =>
        h('vscode-option', { key: value, value, selected: value === props.value }, text),
      ),
    ),
  );
}

export function Checkbox(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return h(
    'vscode-checkbox',
    {
      checked: props.checked,
      onChange: (event: Event) => {
        const { checked } = event.currentTarget as HTMLElement & { checked: boolean };
        if (checked !== props.checked) props.onChange(checked);
      },
    },
    props.label,
  );
}
