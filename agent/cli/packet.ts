import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { VantayError } from '../ops/errors.ts';
import { parseCertificates, parseRevoked } from '../packet/certificates.ts';
import { decodeContainer } from '../packet/container.ts';
import { openSealed } from '../packet/open.ts';
import { decryptionKeyFromJwk } from '../packet/signer.ts';
import { print } from './exit.ts';

interface VerifyOptions {
  readonly key: string;
  readonly root: string;
  readonly revoked?: string;
  readonly at?: Date;
  readonly json?: boolean;
}

/** `vantay packet inspect|verify`: looks at a sealed packet file, offline. */
export function packetVerb(): Command {
  const inspect = new Command('inspect')
    .description('what can be told of a sealed packet without any key')
    .argument('<file>', 'sealed packet (VSM1)')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: { json?: boolean }) => {
      const container = await read(file);
      const { jwe, body } = decodeContainer(container);
      const [head = ''] = jwe.split('.');
      const { alg, enc, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<
        string,
        string
      >;
      const found = {
        bytes: container.length,
        manifestBytes: container.length - body.length,
        blobBytes: body.length,
        alg,
        enc,
        kid,
      };
      print(options.json, found, () =>
        Object.entries(found)
          .map(([key, value]) => `${key}: ${value}`)
          .join('\n'),
      );
    });
  const verify = new Command('verify')
    .description(
      "open a sealed packet with the backend's key and verify all of it; prints no biometrics and no names",
    )
    .argument('<file>', 'sealed packet (VSM1)')
    .requiredOption('--key <file>', "the backend's private encryption key (JWK)")
    .requiredOption('--root <file>', 'trusted root certificates (PEM)')
    .option('--revoked <file>', 'serial numbers of revoked certificates, one a line')
    .option(
      '--at <time>',
      'when the packet came (RFC 3339): its certificates must have been valid then',
      timeOf,
    )
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: VerifyOptions) => {
      const key = await decryptionKeyFromJwk((await read(options.key)).toString());
      const trust = {
        roots: parseCertificates((await read(options.root)).toString()),
        revokedSerials: parseRevoked(options.revoked ? (await read(options.revoked)).toString() : ''),
      };
      const opened = await openSealed(
        await read(file),
        { keys: [key], trust, now: options.at ?? new Date() },
        { type: 'vantay.packet' },
      );
      const { packetId, office, kiosk, sequence, createdAt, decision, samples } = opened.manifest;
      const found = {
        verified: true,
        packetId,
        office,
        kiosk,
        sequence,
        createdAt,
        outcome: decision.outcome,
        samples: samples.map(sample => (sample.modality === 'finger' ? sample.position : 'face')),
        blobs: [...opened.blobs].map(([name, bytes]) => ({ name, bytes: bytes.length })),
        manifestSha256: opened.manifestSha256,
      };
      print(
        options.json,
        found,
        () =>
          `verified: packet ${packetId} of ${kiosk} in ${office}, ${decision.outcome}, ${samples.length} samples`,
      );
    });
  return new Command('packet').description('look at sealed packets').addCommand(inspect).addCommand(verify);
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('a time such as 2026-11-21T12:00:00Z is needed');
  return time;
}

const read = (file: string): Promise<Buffer> =>
  readFile(file).catch((cause: unknown) => {
    throw new VantayError('FILE_UNREADABLE', `cannot read ${file}`, { cause });
  });
