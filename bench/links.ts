/** Links and wires of the devices: frames damaged in every way, cables pulled at every byte. */
import { type Bench, counted, worst } from './figures.ts';
import { fuzz } from './links/fuzz.ts';
import { FUZZ_TARGETS } from './links/targets.ts';
import { unplugMany } from './links/unplug.ts';

const FUZZED_FRAMES = 1_000_000;
const SMALL_FUZZED_FRAMES = 20_000;
const UNPLUGS = 200;
const SMALL_UNPLUGS = 12;
const SEED = 20_261_122;

export const linksBench: Bench = {
  name: 'links',
  summary:
    'damaged frames for every wire codec (processor time of the worst), devices pulled out at random bytes',
  parts: ['fuzz', 'unplug'],
  async run(progress, { small, only }) {
    const figures = [];
    for (const target of only === 'unplug' ? [] : FUZZ_TARGETS) {
      progress(`fuzz: ${target.name}`);
      const { frames, accepted, worstMs } = fuzz(target, small ? SMALL_FUZZED_FRAMES : FUZZED_FRAMES, SEED);
      figures.push(counted(`fuzz.${target.name}.frames`, frames, frames));
      figures.push(counted(`fuzz.${target.name}.accepted`, accepted, frames));
      figures.push({ ...worst(`fuzz.${target.name}.worst`, [worstMs]), runs: frames });
    }
    if (only === 'fuzz') return figures;
    const { recoveredMs, leakedFiles, leakedListeners, leakedProcesses } = await unplugMany(
      small ? SMALL_UNPLUGS : UNPLUGS,
      progress,
    );
    figures.push(worst('unplug.back_in_use.worst', recoveredMs));
    figures.push(counted('unplug.leaked_files', leakedFiles, recoveredMs.length));
    figures.push(counted('unplug.leaked_listeners', leakedListeners, recoveredMs.length));
    figures.push(counted('unplug.leaked_processes', leakedProcesses, recoveredMs.length));
    return figures;
  },
};
