/** A story that can be played: who comes, how they behave, what happens around them, and how it has to end. */
import type { Citizen, Person, PersonOptions } from '../people/index.ts';
import type { Manner } from '../visitor/body.ts';
import type { View } from '../visitor/screen-client.ts';
import type { World } from '../world/world.ts';
import type { VisitResult } from './result.ts';

export interface Cast {
  /** Who stands before the kiosk. */
  readonly visitor: Person;
  /** Whose papers are shown; the visitor's own when absent. */
  readonly papersOf?: Person;
  /** Who came along for a child or ward. */
  readonly companion?: Citizen;
  /** Who is in the immigration database. */
  readonly registered: readonly Person[];
  /** Whom the office's record server knows, where there is one. */
  readonly atOffice?: readonly Person[];
}

/** Makes an invented person. */
export type Casting = (seed: number, options?: Pick<PersonOptions, 'ageGroup' | 'fingersOnRecord'>) => Person;

export interface Scenario {
  readonly name: string;
  readonly summary: string;
  cast(person: Casting): Cast;
  /** What the visitor comes for; to register when absent. */
  readonly purpose?: 'lock' | 'unlock';
  manner?(cast: Cast): Manner;
  /** Fingers that cannot be placed, by ISO code. */
  readonly missing?: ReadonlyMap<number, 'missing' | 'injured'>;
  /** Changes to the configuration of the agent. */
  readonly config?: Record<string, unknown>;
  /** The kiosk keeps the registry's records. */
  readonly keepsRecords?: true;
  /** The kiosk's office has a record server. */
  readonly recordServer?: true;
  /** The kiosk has a slap scanner. */
  readonly slapScanner?: true;
  /** What happens around the visitor; begun once, at the start of the visit. */
  incident?(world: World): (view: View) => void;
  /** Null when the visit ended as it has to; else what is wrong with how it ended. */
  judge(result: VisitResult): string | null;
}
