/** The one RPC of worker and webviews: typed calls both ways over any channel, with errors that keep their message. */
import { createBirpc, type BirpcReturn } from 'birpc';

/** Where messages go out and come in. */
export interface Channel {
  post(message: unknown): void;
  listen(receive: (message: unknown) => void): void;
}

export type Remote<Theirs extends object, Ours extends object> = BirpcReturn<Theirs, Ours>;

/** An error as plain data: VS Code's webview channel turns Error objects into `{}`. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** An error that came over the channel, with the code the other side gave it. */
export class RemoteError extends Error {
  constructor(
    message: string,
    override readonly name: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

/** A message of this RPC among others on the same channel. */
interface Envelope {
  readonly headlight: Message;
}

/** What birpc sends: a request, or an answer whose error is `e`. */
interface Message {
  readonly e?: unknown;
}

/**
 * Connects `ours` with the other side's functions.
 *
 * Calls have no time limit (a run may take minutes); whoever closes the channel rejects what is open by `$close`.
 */
export function connect<Theirs extends object, Ours extends object>(
  ours: Ours,
  channel: Channel,
  events: (keyof Theirs)[] = [],
): Remote<Theirs, Ours> {
  return createBirpc<Theirs, Ours>(ours, {
    eventNames: events,
    timeout: -1,
    bind: 'functions',
    serialize: (message: Message): Envelope => ({
      headlight: message.e === undefined ? message : { ...message, e: plainError(message.e) },
    }),
    deserialize: ({ headlight: message }: Envelope): Message =>
      message.e === undefined ? message : { ...message, e: revivedError(message.e) },
    post: (envelope: Envelope) => channel.post(envelope),
    on: (receive) =>
      channel.listen((raw) => {
        if (isEnvelope(raw)) receive(raw);
      }),
  });
}

function isEnvelope(raw: unknown): raw is Envelope {
  return typeof raw === 'object' && raw !== null && 'headlight' in raw;
}

function plainError(error: unknown): PlainError {
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return { name: error.name, message: error.message, ...(typeof code === 'string' ? { code } : {}) };
  }
  return { name: 'Error', message: String(error) };
}

function revivedError(error: unknown): RemoteError {
  const plain = error as PlainError;
  return new RemoteError(plain.message, plain.name, plain.code);
}
