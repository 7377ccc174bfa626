/** Where packets are made, good ones and bad ones: everybody's keys, and the numbers that are used up. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import { canonicalJson } from '../../backend/sealed/canonical.ts';
import { cutContainer } from '../../backend/sealed/chunk.ts';
import { loadSigningKey, type Message, type SigningKey } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import { makePki } from '../../sim/pki/make.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { packetDraft } from '../fixtures/messages.ts';
import { newId } from './kiosk.ts';

/** Names of kiosks; all but the first two have a certificate that must not be accepted. */
const KIOSKS = {
  'kiosk-1': {},
  'kiosk-2': {},
  'kiosk-revoked': {},
  'kiosk-expired': { fault: 'expired' },
  'kiosk-foreign': { fault: 'foreign-root' },
  'kiosk-moved': { fault: 'foreign-office' },
} as const;
export type KioskName = keyof typeof KIOSKS;

/** First number that is given out: room below for old ones. */
const FIRST_SEQUENCE = 1_000_000;
const BLOB_BYTES = 1_500;

export interface MadePacket {
  readonly office: string;
  readonly kiosk: KioskName;
  readonly id: string;
  readonly sequence: number;
  readonly container: Uint8Array;
}

export interface Order {
  readonly kiosk?: KioskName;
  readonly id?: string;
  readonly sequence?: number;
  readonly signer?: SigningKey;
  readonly recipient?: JWK;
  /** Replaces parts of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

export class Workshop {
  readonly office: string;
  readonly backend: JWK;
  readonly registry: JWK;
  /** Serial number of the revoked certificate, hex. */
  readonly revoked: string;
  readonly #signers: ReadonlyMap<KioskName, SigningKey>;
  #sequence = FIRST_SEQUENCE;
  #last: MadePacket | null = null;

  private constructor(
    office: string,
    keys: {
      backend: JWK;
      registry: JWK;
      revoked: string;
      signers: ReadonlyMap<KioskName, SigningKey>;
    },
  ) {
    this.office = office;
    this.backend = keys.backend;
    this.registry = keys.registry;
    this.revoked = keys.revoked;
    this.#signers = keys.signers;
  }

  /** Makes everybody's keys in a folder. */
  static async open(folder: string, office: string): Promise<Workshop> {
    const signers = new Map<KioskName, SigningKey>();
    for (const [kiosk, fault] of Object.entries(KIOSKS) as [KioskName, object][]) {
      const { signing } = (await makePki(folder, { office, kiosk, ...fault })).kiosk;
      signers.set(kiosk, loadSigningKey(signing.chain, signing.key));
    }
    const paths = pkiPaths(folder, office, 'kiosk-revoked');
    const { serialNumber } = new X509Certificate(readFileSync(paths.kiosk.signing.chain));
    const [backend, registry] = [
      loadJwk(paths.backend.encryptionPublic),
      loadJwk(paths.registry.encryptionPublic),
    ];
    return new Workshop(office, { backend, registry, revoked: serialNumber, signers });
  }

  /** The last good packet that the backend has taken. */
  get last(): MadePacket {
    if (this.#last === null) throw new Error('no good packet was taken yet');
    return this.#last;
  }

  remember(packet: MadePacket): void {
    this.#last = packet;
  }

  signer(kiosk: KioskName): SigningKey {
    return this.#signers.get(kiosk)!;
  }

  /** A packet as ordered; good where nothing is ordered. */
  async make(order: Order = {}): Promise<MadePacket> {
    const kiosk = order.kiosk ?? 'kiosk-1';
    const id = order.id ?? newId();
    const sequence = order.sequence ?? ++this.#sequence;
    const manifest = {
      ...packetDraft(sequence),
      packetId: id,
      office: this.office,
      kiosk,
      ...order.manifest,
    } as unknown as Message;
    const { container } = await sealMessage({
      id,
      manifest: JSON.parse(canonicalJson(manifest)) as Message,
      blobs: [
        {
          name: 'face',
          mediaType: 'application/octet-stream',
          bytes: new Uint8Array(randomBytes(BLOB_BYTES)),
        },
      ],
      signer: order.signer ?? this.signer(kiosk),
      recipient: order.recipient ?? this.backend,
    });
    return { office: this.office, kiosk, id, sequence, container };
  }
}

/** The whole container as the one chunk that it is on the wire. */
export const chunkOf = ({ id, container }: Pick<MadePacket, 'id' | 'container'>): Uint8Array =>
  cutContainer(id, container, container.length)[0]!;
