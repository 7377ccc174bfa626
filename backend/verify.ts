import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judgePacket } from './judge.ts';
import { SealedError } from './sealed/error.ts';
import { loadJwk } from './sealed/keys.ts';
import { loadSchema } from './sealed/schema.ts';

/** What a verified packet says, without anything about the person. */
export interface PacketSummary {
  readonly ok: true;
  readonly packetId: string;
  readonly office: string;
  readonly kiosk: string;
  readonly boot: number;
  readonly sequence: number;
  readonly createdAt: string;
  readonly manifestSha256: string;
  readonly containerBytes: number;
  readonly signatory: {
    readonly commonName: string;
    readonly organizationalUnit: string | null;
    readonly serialNumber: string;
  };
  /** Null of what agencies ask: no machine decides it. */
  readonly decision: string | null;
  readonly samples: readonly { readonly modality: string; readonly image: string }[];
  readonly blobs: readonly { readonly name: string; readonly mediaType: string; readonly bytes: number }[];
}

export interface VerifyInput {
  /** Sealed packet. */
  readonly container: string;
  /** The backend's private encryption key, JWK. */
  readonly key: string;
  /** Trusted root, PEM. */
  readonly root: string;
  /** `packet.schema.json`. */
  readonly schema: string;
  /** Time at which the certificates have to be valid. */
  readonly at: Date;
}

/** Opens and checks a packet in a file with nothing but a key, a root and a schema. @throws SealedError */
export async function verifyFile(input: VerifyInput): Promise<PacketSummary> {
  const container = new Uint8Array(readFileSync(input.container));
  const context = {
    keys: [loadJwk(input.key)],
    trust: { root: new X509Certificate(readFileSync(input.root)) },
    schema: loadSchema(input.schema),
    at: input.at,
  };
  const { manifest, manifestSha256, signatory } = await judgePacket(container, context, null);
  const { packetId, office, kiosk, boot, sequence, createdAt } = manifest;
  return {
    ok: true,
    packetId,
    office,
    kiosk,
    boot,
    sequence,
    createdAt,
    manifestSha256,
    containerBytes: container.length,
    signatory,
    decision: manifest.decision?.outcome ?? null,
    samples: (manifest.samples ?? []).map(({ modality, image }) => ({ modality, image })),
    blobs: manifest.blobs.map(({ name, mediaType, bytes }) => ({ name, mediaType, bytes })),
  };
}

const USAGE =
  'verify.ts --container FILE --key backend-encryption.jwk --root root.pem --schema packet.schema.json [--at TIME]';

async function main(): Promise<number> {
  const file = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { container: file, key: file, root: file, schema: file, at: file },
  });
  const { container, key, root, schema, at } = values;
  if (container === undefined || key === undefined || root === undefined || schema === undefined) {
    console.error(USAGE);
    return 2;
  }
  try {
    const summary = await verifyFile({
      container,
      key,
      root,
      schema,
      at: at === undefined ? new Date() : new Date(at),
    });
    console.log(JSON.stringify(summary));
    return 0;
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    console.log(JSON.stringify({ ok: false, code: error.code, manifestSha256: error.manifestSha256 }));
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main();
