/** Colours of the theme for canvases: read from VS Code's variables, and again when the theme changes. */
import { useEffect, useState } from 'preact/hooks';

/** What canvases need of the theme; CSS colours, empty where the theme has none. */
export interface Theme {
  readonly foreground: string;
  readonly dim: string;
  readonly background: string;
  readonly focus: string;
  /** Of what must be said on a picture: random weights. */
  readonly warning: string;
  /** Set in high contrast alone. */
  readonly contrastBorder: string;
  readonly font: string;
  readonly dark: boolean;
}

function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const read = (name: string, otherwise = ''): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = read('--vscode-foreground', style.color);
  return {
    foreground,
    dim: read('--vscode-descriptionForeground', foreground),
    background: read('--vscode-editor-background', style.backgroundColor),
    focus: read('--vscode-focusBorder', foreground),
    warning: read('--vscode-editorWarning-foreground', read('--vscode-charts-yellow', foreground)),
    contrastBorder: read('--vscode-contrastBorder'),
    font: read('--vscode-font-family', 'sans-serif'),
    dark: document.body.matches('.vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light)'),
  };
}

/** The theme; a new object whenever VS Code changes the body's class or the variables on the root. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(readTheme()));
    for (const element of [document.documentElement, document.body]) {
      observer.observe(element, { attributes: true, attributeFilter: ['class', 'style'] });
    }
    return () => observer.disconnect();
  }, []);
  return theme;
}
