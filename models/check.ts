import type { ModelCard } from './card.ts';

export interface SideCheck {
  readonly name: 'finger' | 'face';
  /** Loads that side's graphs, held to their hashes. @throws ModelError */
  load(): Promise<readonly ModelCard[]>;
}

/**
 * How to try each side's weights in this process, which tells more of a failure than the model process does.
 * @param faceProfile profile of other face networks
 */
export const modelChecks = (faceProfile?: string): readonly SideCheck[] => [
  {
    name: 'finger',
    load: async () => (await (await import('./finger/index.ts')).loadFingerModels()).cards,
  },
  {
    name: 'face',
    load: async () => {
      const { loadFaceModels } = await import('./face/index.ts');
      return (await loadFaceModels(faceProfile === undefined ? {} : { profile: faceProfile })).cards;
    },
  },
];
