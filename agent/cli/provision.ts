import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { keyRing } from '../compose.ts';
import { writeWhole } from '../keys/files.ts';
import { keyFilesOf } from '../keys/kiosk-keys.ts';
import { install, keyStates, type Provisioning, requestCertificate } from '../keys/provision.ts';
import { loadConfig } from '../ops/config.ts';
import { VantayError } from '../ops/errors.ts';
import { print } from './exit.ts';

/** Longest a whole step may take, in milliseconds: making a key on a slow card takes the longest. */
const STEP_DEADLINE_MS = 60_000;

interface InstallOptions {
  readonly config: string;
  readonly chain?: string;
  readonly root?: string;
  readonly backendKey?: string;
  readonly registryKey?: string;
  readonly recordServerKey?: string;
  readonly retire?: readonly string[];
  readonly json?: boolean;
}

/** `vantay provision request|install|show`: the kiosk's key, certificates, and whom it seals to. */
export function provisionVerb(): Command {
  const request = new Command('request')
    .description(
      'make the next signing key, unless one waits already, and print its certificate request (PKCS #10)',
    )
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--out <file>', 'write the request there')
    .option('--json', 'print one JSON object')
    .action(async (options: { config: string; out?: string; json?: boolean }) => {
      const made = await requestCertificate(provisioningOf(options.config), deadline());
      if (options.out !== undefined) await writeWhole(options.out, made.pem);
      const text = `${made.made ? 'made' : 'waiting'}: ${made.key}`;
      print(options.json, made, () => (options.out === undefined ? made.pem.trimEnd() : text));
    });
  const put = new Command('install')
    .description(
      'install what the authority gave, once all of it is checked; the agent takes it up by itself',
    )
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--chain <file>', "this kiosk's certificate and its issuers, leaf first (PEM)")
    .option('--root <file>', 'trusted root certificates, in place of the old ones (PEM)')
    .option('--backend-key <file>', "the backend's public key(s), beside those that are there (JWK, JWK Set)")
    .option('--registry-key <file>', "the registry's public key(s), likewise")
    .option('--record-server-key <file>', "the office's record server's public key(s), likewise")
    .option('--retire <kid...>', 'keys of any of these that are not to be sealed to any more')
    .option('--json', 'print one JSON object')
    .action(async (options: InstallOptions) => {
      const read = async (path: string | undefined) => (path === undefined ? undefined : await textOf(path));
      const delivered = {
        chain: await read(options.chain),
        roots: await read(options.root),
        backendKeys: await read(options.backendKey),
        registryKeys: await read(options.registryKey),
        recordServerKeys: await read(options.recordServerKey),
        retired: options.retire,
      };
      const changed = await install(provisioningOf(options.config), delivered, new Date(), deadline());
      print(
        options.json,
        { changed },
        () => changed.map(path => `installed ${path}`).join('\n') || 'no change',
      );
    });
  const show = new Command('show')
    .description('list the keys of this kiosk and what each is there for')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object')
    .action(async (options: { config: string; json?: boolean }) => {
      const keys = await keyStates(provisioningOf(options.config), deadline());
      print(
        options.json,
        { keys },
        () => keys.map(({ name, use }) => `${use}: ${name}`).join('\n') || 'no key',
      );
    });
  return new Command('provision')
    .description('make the signing key, request and install certificates, exchange keys')
    .addCommand(request)
    .addCommand(put)
    .addCommand(show);
}

const deadline = (): AbortSignal => AbortSignal.timeout(STEP_DEADLINE_MS);

function provisioningOf(file: string): Provisioning {
  const config = loadConfig(file, process.env);
  const { office, kiosk } = config;
  return { files: keyFilesOf(config), ring: keyRing(config), names: { office, kiosk } };
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new VantayError('FILE_UNREADABLE', `cannot read ${file}`, { cause });
  });
