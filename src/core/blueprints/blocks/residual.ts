/** How attention and feed-forward meet the residual stream. */
import type { Chain, Trace } from '../../model/build';
import type { Module, Wire } from '../../model/module';

/** x + attention, then that + feed-forward; each branch begins with its norm. */
export function sequential(trace: Trace, x: Wire, attention: Chain, feedForward: Chain): Wire {
  const attended = trace.add(x, trace.chain(x, ...attention));
  return trace.add(attended, trace.chain(attended, ...feedForward));
}

/** norm(x + attention x), then norm(that + mlp that). */
export function postNorm(
  trace: Trace,
  x: Wire,
  [attention, attentionNorm]: readonly [Module, Module],
  [feedForward, feedForwardNorm]: readonly [Module, Module],
): Wire {
  const attended = trace.run(attentionNorm, trace.add(x, trace.run(attention, x)));
  return trace.run(feedForwardNorm, trace.add(attended, trace.run(feedForward, attended)));
}

/** x + attention + feed-forward, both of x under norms of their own (GPT-NeoX). */
export function parallel(trace: Trace, x: Wire, attention: Chain, feedForward: Chain): Wire {
  return trace.add(trace.add(x, trace.chain(x, ...attention)), trace.chain(x, ...feedForward));
}

/** x + attention + feed-forward, both of norm x (GPT-J). */
export function parallelOneNorm(trace: Trace, x: Wire, norm: Module, branches: [Module, Module]): Wire {
  const normed = trace.run(norm, x);
  const [attention, feedForward] = branches;
  return trace.add(trace.add(x, trace.run(attention, normed)), trace.run(feedForward, normed));
}
