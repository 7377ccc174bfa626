/** Who somebody at the console is: by passkey (WebAuthn level 3), by the first use of an invitation, in development by PIN. */
import { timingSafeEqual } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Proof, Role } from '../contract/officer.ts';
import type { Clock } from '../ops/clock.ts';
import { VantayError } from '../ops/errors.ts';
import { RateLimit } from '../screen/rate.ts';
import { invited, keepPasskey, readAccounts } from './accounts.ts';

export interface Officer {
  readonly officer: string;
  readonly role: Role;
}

export interface SignInOptions {
  /** File of the accounts. */
  readonly file: string;
  /** Origin of the console, such as `http://localhost:8421`; its host name is the relying party's id. */
  readonly origin: string;
  readonly pins: readonly (Officer & { readonly pin: string })[];
  readonly clock: Clock;
}

/** What every FIDO2 key and platform has one of: ES256, EdDSA, RS256 (IANA COSE algorithms). */
const ALGORITHMS = [-7, -8, -257];
/** How long a challenge can be answered, in milliseconds: a hand that looks for its key. */
const CHALLENGE_MS = 120_000;
/** Challenges open at once; the oldest goes first. */
const MAX_CHALLENGES = 32;
/** Wrong proofs at once, and a second: a PIN of four digits then lasts for days of guessing, and each guess is noted. */
const GUESSES = { burst: 5, perSecond: 1 / 30 };

export class SignIn {
  readonly #options: SignInOptions;
  /** Challenge -> when it ends, monotonic milliseconds. */
  readonly #challenges = new Map<string, number>();
  readonly #guesses: RateLimit;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#guesses = new RateLimit(GUESSES.burst, GUESSES.perSecond, options.clock.monotonicMs);
  }

  /** What a browser needs to ask for any passkey of this console. */
  async passkeyOptions(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const options = await generateAuthenticationOptions({
      rpID: this.#rpId,
      userVerification: 'required',
      timeout: CHALLENGE_MS,
    });
    this.#remember(options.challenge);
    return options;
  }

  /** What a browser needs to make a passkey. @throws VantayError SIGN_IN_REFUSED when the code invites nobody */
  async invitationOptions(officer: string, code: string): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const account = await this.#guess(() => invited(this.#options.file, officer, code, this.#now));
    const options = await generateRegistrationOptions({
      rpName: 'Vantay',
      rpID: this.#rpId,
      userName: officer,
      userID: new TextEncoder().encode(officer),
      attestationType: 'none',
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: account.passkeys.map(({ id }) => ({ id })),
      timeout: CHALLENGE_MS,
    });
    this.#remember(options.challenge);
    return options;
  }

  /**
   * @throws VantayError SIGN_IN_REFUSED without saying why: whoever guesses shall not learn from it; TOO_MANY_REQUESTS
   * after too many of these
   */
  whoIs(proof: Proof): Promise<Officer> {
    switch (proof.kind) {
      case 'passkey':
        return this.#guess(() => this.#byPasskey(proof.credential as unknown as AuthenticationResponseJSON));
      case 'invitation':
        return this.#guess(() => this.#byInvitation(proof));
      case 'pin':
        return this.#guess(async () => this.#byPin(proof.officer, proof.pin));
    }
  }

  async #byPasskey(response: AuthenticationResponseJSON): Promise<Officer | null> {
    const { file, origin } = this.#options;
    for (const { officer, role, passkeys } of await readAccounts(file)) {
      const known = passkeys.find(({ id }) => id === response.id);
      if (!known) continue;
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response,
        expectedChallenge: challenge => this.#wasAsked(challenge),
        expectedOrigin: origin,
        expectedRPID: this.#rpId,
        credential: { ...known, publicKey: new Uint8Array(Buffer.from(known.publicKey, 'base64url')) },
        requireUserVerification: true,
      });
      if (!verified) return null;
      await keepPasskey(file, officer, { ...known, counter: authenticationInfo.newCounter });
      return { officer, role };
    }
    return null;
  }

  async #byInvitation(proof: Extract<Proof, { kind: 'invitation' }>): Promise<Officer | null> {
    const { file, origin } = this.#options;
    const account = await invited(file, proof.officer, proof.code, this.#now);
    if (!account) return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: proof.credential as unknown as RegistrationResponseJSON,
      expectedChallenge: challenge => this.#wasAsked(challenge),
      expectedOrigin: origin,
      expectedRPID: this.#rpId,
      supportedAlgorithmIDs: ALGORITHMS,
      requireUserVerification: true,
    });
    if (!verified) return null;
    const { id, publicKey, counter } = registrationInfo.credential;
    const passkey = { id, publicKey: Buffer.from(publicKey).toString('base64url'), counter };
    await keepPasskey(file, account.officer, passkey);
    return { officer: account.officer, role: account.role };
  }

  #byPin(officer: string, pin: string): Officer | null {
    const known = this.#options.pins.find(one => one.officer === officer);
    if (!known || !same(known.pin, pin)) return null;
    return { officer: known.officer, role: known.role };
  }

  /** What a proof is worth; a wrong one counts, and why it was wrong stays here. */
  async #guess<T>(look: () => Promise<T | null>): Promise<T> {
    if (!this.#guesses.any) throw new VantayError('TOO_MANY_REQUESTS', 'too many wrong sign-ins');
    const found = await look().catch((error: unknown) => {
      if (error instanceof VantayError) throw error;
      return null;
    });
    if (found !== null) return found;
    this.#guesses.take();
    throw new VantayError('SIGN_IN_REFUSED', 'this shows nobody who may sign in');
  }

  #remember(challenge: string): void {
    const [oldest] = this.#challenges.keys();
    if (this.#challenges.size >= MAX_CHALLENGES && oldest !== undefined) this.#challenges.delete(oldest);
    this.#challenges.set(challenge, this.#options.clock.monotonicMs() + CHALLENGE_MS);
  }

  /** Each challenge is answered once. */
  #wasAsked(challenge: string): boolean {
    const endsAtMs = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return endsAtMs !== undefined && endsAtMs >= this.#options.clock.monotonicMs();
  }

  get #rpId(): string {
    return new URL(this.#options.origin).hostname;
  }

  get #now(): Date {
    return this.#options.clock.now();
  }
}

function same(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}
