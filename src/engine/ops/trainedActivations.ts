/** Activations with trained numbers of their own. */
import type { Mlp, Parameter } from '../../core/model/module';
import type { Context } from '../context';
import { activate, unknownActivation } from './activations';
import { bfloat16 } from './bfloat16';
import { vector } from './linear';

type Trained = Readonly<Record<string, Parameter>>;

/** What of a feed-forward's activation can't be computed. */
export function unknownMlpActivation({ activation, activationParameters: own }: Mlp): string | undefined {
  const trained = own !== undefined && (activation === 'xielu' || activation === 'prelu');
  return trained ? undefined : unknownActivation(activation);
}

/** Applies a feed-forward's activation in place, and multiplies with `times` where that is given. */
export async function activateMlp(
  module: Mlp,
  x: Float32Array,
  context: Context,
  times?: Float32Array,
): Promise<void> {
  const { activation, activationParameters: own } = module;
  if (own === undefined) return activate(activation, x, context, times);
  const change = activation === 'xielu' ? await xielu(module, own, context) : await prelu(own, context);
  for (let i = 0; i < x.length; i++) x[i] = change(x[i]!) * (times?.[i] ?? 1);
  return context.pace.step();
}

async function number(parameter: Parameter | undefined, context: Context): Promise<number> {
  return (await vector(parameter!, context))[0]!;
}

async function prelu(own: Trained, context: Context): Promise<(x: number) => number> {
  const slope = await number(own['weight'], context);
  return (x) => (x > 0 ? x : slope * x);
}

/** Huang and Schlag 2024: a parabola above zero, an exponential below it, each with a trained factor. */
async function xielu(module: Mlp, own: Trained, context: Context): Promise<(x: number) => number> {
  const round = keptRounded(module, own['alpha_p']!, context) ? bfloat16 : (x: number): number => x;
  const softplus = (x: number): number => round(Math.log1p(Math.exp(x)));
  const beta = await number(own['beta'], context);
  const least = await number(own['eps'], context);
  const above = softplus(await number(own['alpha_p'], context));
  const below = round(beta + softplus(await number(own['alpha_n'], context)));
  return (x) => (x > 0 ? above * x * x + beta * x : (Math.expm1(Math.min(x, least)) - x) * below + beta * x);
}

/** The class makes these numbers in bfloat16 whatever the weights are, and then computes with them in it. */
function keptRounded({ up }: Mlp, parameter: Parameter, { weights }: Context): boolean {
  const dtype = (of: Parameter): string | undefined => {
    const source = weights.sourceOf(of);
    return source.type === 'stored' ? source.pieces[0]?.tensor.dtype : undefined;
  };
  return dtype(parameter) === 'BF16' && dtype(up.weight) !== 'BF16';
}
