/** Delivery under everything that can go wrong, each at full size or, with `--small`, at that of the tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFaults } from '../test/chaos/disk-fault.ts';
import { drain } from '../test/chaos/drain.ts';
import { kills } from '../test/chaos/kills.ts';
import { mutations } from '../test/chaos/mutations.ts';
import { networkFaults } from '../test/chaos/network.ts';
import { powerCuts } from '../test/chaos/power-cut.ts';
import { sealingCost } from '../test/chaos/sealing.ts';
import { SIZES } from '../test/chaos/sizes.ts';
import { type Bench, counted, type Figure, measured, type Progress } from './figures.ts';

const SEED = 'bench';

interface Trial {
  readonly full: number;
  readonly small: number;
  run(folder: string, count: number, progress: Progress): Promise<Figure[]>;
}

/** By the name that `--only` takes. */
const TRIALS: Readonly<Record<string, Trial>> = {
  seal: {
    ...SIZES.sealings,
    async run(_folder, rounds, progress) {
      progress(`sealing: ${rounds} rounds`);
      const { ratio, sealMs, bareMs } = await sealingCost(rounds);
      return [
        measured('seal.to_bare_cryptography', ratio, 'ratio', rounds),
        measured('seal.cpu', sealMs, 'ms', rounds),
        measured('seal.bare_cpu', bareMs, 'ms', rounds),
      ];
    },
  },
  mutations: {
    ...SIZES.mutations,
    async run(folder, count, progress) {
      const { wrong, miscoded, genuine, complaints } = await mutations(folder, count, SEED, progress);
      complaints.forEach(progress);
      return [
        counted('mutations.taken', wrong, count),
        counted('mutations.refused_without_their_code', miscoded, count),
        counted('mutations.genuine_between', genuine, count),
      ];
    },
  },
  power: {
    ...SIZES.powerCuts,
    async run(folder, cuts, progress) {
      const { promised, lost, corrupt, broken, complaints } = await powerCuts(folder, cuts, SEED, progress);
      complaints.forEach(progress);
      return [
        counted('power_cut.lost', lost, cuts),
        counted('power_cut.corrupt', corrupt, cuts),
        counted('power_cut.numbers_or_deliveries_forgotten', broken, cuts),
        counted('power_cut.packets_promised', promised, cuts),
      ];
    },
  },
  disk: {
    // Kinds of fault at every change: all four, or one after the other.
    full: 4,
    small: 1,
    async run(folder, kinds, progress) {
      progress('disk faults: every change of a delivery in turn');
      const { deliveries, lost, corrupt, undelivered, complaints } = await diskFaults(
        folder,
        kinds === 1 ? 'turns' : 'each',
      );
      complaints.forEach(progress);
      return [
        counted('disk_fault.lost', lost, deliveries),
        counted('disk_fault.corrupt', corrupt, deliveries),
        counted('disk_fault.undelivered', undelivered, deliveries),
      ];
    },
  },
  network: {
    ...SIZES.networkFaults,
    async run(folder, count, progress) {
      const { lost, late, slowest } = await networkFaults(folder, count, SEED, progress);
      return [
        counted('network_fault.lost', lost, count),
        counted('network_fault.late', late, count),
        ...Object.entries(slowest).map(([kind, keepalives]) =>
          measured(`network_fault.${kind}.keepalives.max`, keepalives, 'ratio', count),
        ),
      ];
    },
  },
  drain: {
    ...SIZES.queued,
    async run(folder, packets, progress) {
      const result = await drain(folder, packets, progress);
      return [
        measured('drain.rate', result.packetsPerSecond, '1/s', packets),
        measured('drain.memory_above_start.max', result.memoryBytes, 'bytes', packets),
        counted('drain.lost', result.lost, packets),
        counted('drain.overtaken.max', result.overtaken, packets),
      ];
    },
  },
  kills: {
    ...SIZES.kills,
    async run(folder, count, progress) {
      const result = await kills(folder, count, SEED, progress);
      return [
        counted('kill.lost', result.lost, count),
        counted('kill.doubled', result.doubled, count),
        counted('kill.deleted_unverified', result.deletedUnverified, count),
        counted('kill.deleted_unaudited', result.unaudited, count),
        counted('kill.packets_accepted', result.accepted, count),
        counted('kill.packets_repeated', result.repeated, count),
      ];
    },
  },
};

export const deliveryBench: Bench = {
  name: 'delivery',
  summary:
    'kills, power cuts, disk faults, an absent broker, forgeries, a bad network, and the cost of sealing',
  parts: Object.keys(TRIALS),
  async run(progress, { small, only }) {
    const figures: Figure[] = [];
    for (const [name, trial] of Object.entries(TRIALS)) {
      if (only !== null && only !== name) continue;
      const folder = await mkdtemp(join(tmpdir(), 'vantay-delivery-'));
      try {
        figures.push(...(await trial.run(folder, small ? trial.small : trial.full, progress)));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    return figures;
  },
};
