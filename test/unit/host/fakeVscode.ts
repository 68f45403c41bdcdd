/**
 * As much of VS Code as the reports and panels need, for tests without it; to be imported before what imports `vscode`.
 * Documents are in memory, webviews deliver in a later turn.
 */
import Module from 'node:module';
import { EventEmitter as NodeEmitter } from 'node:events';
import type * as vscode from 'vscode';
import { connect, type Remote } from '../../../src/protocol/rpc';

class Disposable {
  constructor(readonly dispose: () => void) {}

  static from(...all: { dispose(): void }[]): Disposable {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
}

class EventEmitter<T> {
  private readonly emitter = new NodeEmitter();

  readonly event = (listener: (value: T) => void): Disposable => {
    this.emitter.on('fire', listener);
    return new Disposable(() => void this.emitter.off('fire', listener));
  };

  fire(value: T): void {
    this.emitter.emit('fire', value);
  }

  dispose(): void {
    this.emitter.removeAllListeners();
  }
}

class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query = '',
  ) {}

  static parse(text: string): Uri {
    const [, scheme, path, query] = /^([\w-]+):(?:\/\/)?([^?]*)(?:\?(.*))?$/.exec(text)!;
    return new Uri(scheme!, path!, query === undefined ? '' : decodeURIComponent(query));
  }

  static from({ scheme, path, query }: { scheme: string; path: string; query?: string }): Uri {
    return new Uri(scheme, path, query);
  }

  static joinPath(base: Uri, ...names: string[]): Uri {
    return Uri.parse(new URL(names.join('/'), `${base.scheme}://${base.path}/`).href);
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    const query = this.query === '' ? '' : `?${encodeURIComponent(this.query)}`;
    return `${this.scheme}://${this.path}${query}`;
  }
}

export interface FakeDocument {
  readonly uri: vscode.Uri;
  readonly languageId: string;
  version: number;
  text: string;
  getText(): string;
}

/** The open documents. */
export const documents: FakeDocument[] = [];

/** The provider that was registered last. */
export let provider: vscode.TextDocumentContentProvider | undefined;

/** How long opening a document takes. */
export const opening = { wait: (): Promise<void> => Promise.resolve() };

export function openDocument(uri: string, text: string): FakeDocument {
  const document: FakeDocument = {
    uri: Uri.parse(uri) as unknown as vscode.Uri,
    languageId: 'json',
    version: 1,
    text,
    getText: () => document.text,
  };
  documents.push(document);
  return document;
}

const noEvent = (): Disposable => new Disposable(() => {});

const fake = {
  Disposable,
  EventEmitter,
  Uri,
  ViewColumn: { One: 1, Beside: -2 },
  RelativePattern: class {},
  env: { language: 'en' },
  l10n: { t: (text: string) => text },
  languages: { match: () => 1 },
  workspace: {
    textDocuments: documents,
    getConfiguration: () => ({
      get: (key: string, otherwise?: unknown) => (key === 'files' ? ['**'] : otherwise),
    }),
    openTextDocument: async (uri: vscode.Uri) => {
      await opening.wait();
      const document = documents.find((open) => open.uri.toString() === uri.toString());
      if (document === undefined) throw new Error(`no file ${uri.toString()}`);
      return document;
    },
    createFileSystemWatcher: () => ({
      onDidChange: noEvent,
      onDidDelete: noEvent,
      dispose: () => {},
    }),
    registerTextDocumentContentProvider: (_: string, registered: vscode.TextDocumentContentProvider) => {
      provider = registered;
      return noEvent();
    },
  },
};

export interface FakePanel<Host extends object> {
  readonly panel: vscode.WebviewPanel;
  /** The host, as the page calls it. */
  readonly host: Remote<Host, object>;
  close(): void;
}

/** A panel whose page has the functions `page`; a page that is closed hears nothing. */
export function fakePanel<Host extends object>(page: object): FakePanel<Host> {
  const disposed = new EventEmitter<void>();
  const toHost = new EventEmitter<unknown>();
  let toPage: (message: unknown) => void = () => {};
  const channel = {
    post: (message: unknown) => void setImmediate(() => toHost.fire(structuredClone(message))),
    listen: (receive: typeof toPage) => void (toPage = receive),
  };
  const host = connect<Host, object>(page, channel);
  const webview = {
    asWebviewUri: (uri: vscode.Uri) => uri,
    postMessage: (message: unknown) => void setImmediate(() => toPage(structuredClone(message))),
    onDidReceiveMessage: toHost.event,
  };
  return {
    panel: { title: 'panel', webview, onDidDispose: disposed.event } as unknown as vscode.WebviewPanel,
    host,
    close: () => disposed.fire(),
  };
}

const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (request, ...rest) => (request === 'vscode' ? fake : load.call(Module, request, ...rest));
