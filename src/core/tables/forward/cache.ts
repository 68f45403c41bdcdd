/** Caches of keys and values before anything is in them. */
import { nativeClass } from '../natives/classes';
import { Dict, Instance, Tuple, Unknowable, type Class } from '../values';
import { Flowing, flowing } from './tensor';

/** A cache that holds nothing yet: what comes in is what is looked at. */
export function cacheClass(): Class {
  const cls: Class = nativeClass('Cache', [], {
    __init__: (self) => {
      self.attributes.set('is_updated', new Dict());
      self.attributes.set('layers', []);
      self.attributes.set('is_compileable', false);
      if (self.of.name !== 'EncoderDecoderCache') return null;
      for (const name of ['self_attention_cache', 'cross_attention_cache']) {
        self.attributes.set(name, empty(cls));
      }
      return null;
    },
    update: (_, [key, value]) => Tuple.with(key!, value!),
    get_seq_length: () => 0,
    get_max_cache_shape: () => -1,
    has_previous_state: () => false,
    get_mask_sizes: (_, [length]) => Tuple.with(length!, 0),
    reset: () => null,
    __len__: () => 0,
    update_conv_state: (_, args, named) => {
      const state = flowing(args[0] ?? named.get('conv_states'));
      const kernel = named.get('conv_kernel_size') ?? args[2] ?? null;
      if (typeof kernel !== 'number') throw new Unknowable('how long the state of a convolution is');
      // A short sequence is filled up to the kernel.
      const length = Math.max(kernel, state.shape.at(-1)!);
      return new Flowing([...state.shape.slice(0, -1), length], { gradient: state.gradient });
    },
    update_recurrent_state: (_, [state]) => state ?? null,
  });
  return cls;
}

function empty(cls: Class): Instance {
  const made = new Instance(cls);
  cls.natives.get('__init__')!(made, [], new Map());
  return made;
}
