/** How often each trial is repeated: by the tests on every change, and by `npm run bench -- delivery`. */
export const SIZES = {
  kills: { small: 60, full: 1_000 },
  powerCuts: { small: 300, full: 10_000 },
  queued: { small: 500, full: 10_000 },
  mutations: { small: 500, full: 10_000 },
  networkFaults: { small: 50, full: 500 },
  sealings: { small: 60, full: 200 },
} as const;
