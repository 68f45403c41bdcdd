/** What was run: the truth above every picture. */
import type { ComponentChildren } from 'preact';
import type { RunHead } from '../../src/protocol/run';
import { grouped, useWords, type Words } from '../shared/words';

export function Facts({ head }: { readonly head: RunHead }) {
  const words = useWords();
  const { engine, tokens, decoderTokens, missing, unused, withheld = [] } = head;
  return (
    <div class="facts">
      <h1>
        {head.modelType} · {head.architecture}
      </h1>
      <dl>
        <Fact term={words('facts.engine')}>
          {words(`facts.engine.${engine.name}`, engine.device, engine.version ?? '')}
        </Fact>
        <Fact term={words('facts.weights')}>
          <Weights head={head} words={words} />
        </Fact>
        <Fact term={words('facts.tokenizer')}>{words(`facts.tokenizer.${head.tokenizer}`)}</Fact>
        <Fact term={words('facts.tokens')}>
          {decoderTokens === undefined
            ? grouped(tokens.length)
            : words('facts.tokensBoth', grouped(tokens.length), grouped(decoderTokens.length))}
        </Fact>
        {head.maps === 'again' && <Fact term={words('facts.maps')}>{words('facts.mapsAgain')}</Fact>}
      </dl>
      {head.weights.type === 'files' && missing.length > 0 && (
        <Names text={words('facts.missing', grouped(missing.length))} names={missing} />
      )}
      {head.weights.type === 'files' && unused.length > 0 && (
        <Names text={words('facts.unused', grouped(unused.length))} names={unused} />
      )}
      {withheld.length > 0 && (
        <Names text={words('facts.withheld', grouped(withheld.length))} names={withheld} />
      )}
    </div>
  );
}

function Fact(props: { readonly term: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt class="dim">{props.term}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Weights({ head, words }: { readonly head: RunHead; readonly words: Words }) {
  const badge = randomness(head, words);
  const { weights } = head;
  return (
    <>
      {weights.type === 'files' && (
        <span>{words('facts.files', weights.files.join(', '), weights.dtype, grouped(weights.tensors))}</span>
      )}
      {badge !== undefined && <span class="badge random">{badge}</span>}
    </>
  );
}

function Names({ text, names }: { readonly text: string; readonly names: readonly string[] }) {
  return (
    <details class="names">
      <summary>{text}</summary>
      <ul>
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </details>
  );
}

/** What must be said on every picture of this run; undefined where all weights came from files. */
export function randomness({ weights, missing }: RunHead, words: Words): string | undefined {
  if (weights.type === 'seeded') {
    return words(weights.by === 'torch' ? 'facts.seededTorch' : 'facts.seeded', weights.seed);
  }
  return missing.length > 0 ? words('facts.partlySeeded', missing.length) : undefined;
}
