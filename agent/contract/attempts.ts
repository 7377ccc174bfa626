import { z } from 'zod';

/** Failed comparisons of claims, as they outlive a start: the claim as a keyed hash, nobody's name or number. */
export const KeptAttempts = z.array(
  z.strictObject({
    claim: z.string().max(64),
    failures: z.int().min(1),
    /** Of the last one, milliseconds since 1970. */
    lastMs: z.number(),
  }),
);
export type KeptAttempts = z.infer<typeof KeptAttempts>;
