/** The part of a kiosk that delivers: the real outbox and the real uplink, without devices, models and screen. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../agent/ops/clock.ts';
import { createLog } from '../../agent/ops/log.ts';
import { SqliteOutbox } from '../../agent/outbox/outbox.ts';
import { OutboxStore } from '../../agent/outbox/store.ts';
import type { OutboxLimits } from '../../agent/outbox/types.ts';
import { parseCertificates } from '../../agent/packet/certificates.ts';
import { type SealedMessage, seal } from '../../agent/packet/seal.ts';
import { type Recipient, recipientFromJwk, type Signer } from '../../agent/packet/signer.ts';
import { uuid7Maker } from '../../agent/packet/uuid7.ts';
import { mqttDial } from '../../agent/uplink/dial.ts';
import { Uplink, type UplinkOptions } from '../../agent/uplink/uplink.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { kioskTlsFiles } from '../../sim/pki/use.ts';
import { packetDraft } from '../fixtures/messages.ts';
import { fileSigner } from '../fixtures/pki.ts';

export interface KioskSettings {
  /** Folder of the outbox. */
  readonly state: string;
  /** Folder of the trust set. */
  readonly keys: string;
  readonly office: string;
  readonly kiosk: string;
  /** `mqtts://` takes the kiosk's TLS files of the trust set. */
  readonly url: string;
  readonly keepaliveSeconds: number;
  readonly limits?: OutboxLimits;
  readonly delivery?: UplinkOptions['delivery'];
  readonly reconnect?: UplinkOptions['reconnect'];
}

/** No bound that a test of delivery would meet by chance. */
const WIDE: OutboxLimits = {
  maxPackets: 1_000_000,
  maxBytes: 2 ** 40,
  maxAgeMs: 2 ** 40,
  minimumFreeBytes: 0,
};
export const newId = uuid7Maker(Date.now);

/** The outbox of a kiosk; `open` is all there is to it. */
export const openOutbox = (folder: string, limits: OutboxLimits = WIDE): Promise<SqliteOutbox> =>
  SqliteOutbox.open({ path: join(folder, 'outbox.sqlite'), limits, clock: systemClock });

/** The same without its thread. */
export const openStore = (folder: string): OutboxStore =>
  new OutboxStore(join(folder, 'outbox.sqlite'), WIDE, { alone: true });

/** A packet that a visit has finished, as the outbox takes it. */
export type FinishedPacket = SealedMessage & { readonly sequence: number };

export class DeliveringKiosk implements AsyncDisposable {
  readonly outbox: SqliteOutbox;
  readonly uplink: Uplink;
  readonly boot: number;
  readonly #settings: KioskSettings;
  readonly #keys: { readonly signer: Signer; readonly backend: Recipient };
  readonly #parts: AsyncDisposable;

  private constructor(
    settings: KioskSettings,
    parts: { outbox: SqliteOutbox; uplink: Uplink; boot: number; all: AsyncDisposable },
    keys: { signer: Signer; backend: Recipient },
  ) {
    this.#settings = settings;
    this.outbox = parts.outbox;
    this.uplink = parts.uplink;
    this.boot = parts.boot;
    this.#parts = parts.all;
    this.#keys = keys;
  }

  /** Opens the outbox and starts to deliver, as an agent does. */
  static async start(settings: KioskSettings): Promise<DeliveringKiosk> {
    await using starting = new AsyncDisposableStack();
    const { office, kiosk, url, keepaliveSeconds } = settings;
    const paths = pkiPaths(settings.keys, office, kiosk);
    const text = (path: string) => readFile(path, 'utf8');
    const signer = fileSigner({ key: paths.kiosk.signing.key, chain: paths.kiosk.signing.chain });
    const outbox = starting.use(await openOutbox(settings.state, settings.limits));
    const boot = await outbox.nextBoot();
    const tls = kioskTlsFiles(settings.keys, office, kiosk);
    const files = { caFile: tls.ca, certificateFile: tls.certificate, keyFile: tls.key };
    const uplink = starting.use(
      new Uplink({
        dial: mqttDial({
          url,
          protocol: 'auto',
          keepaliveSeconds,
          ...(url.startsWith('mqtts:') ? files : {}),
        }),
        outbox,
        self: { office, kiosk, boot, agentVersion: 'chaos' },
        keys: {
          signer,
          trust: { roots: parseCertificates(await text(paths.root.chain)) },
          registry: await recipientFromJwk(await text(paths.registry.encryptionPublic)),
        },
        lookupTimeoutMs: 10_000,
        newId,
        clock: systemClock,
        log: createLog(process.env.CHAOS_VERBOSE === undefined ? 'silent' : 'info'),
        ...(settings.delivery && { delivery: settings.delivery }),
        ...(settings.reconnect && { reconnect: settings.reconnect }),
      }),
    );
    uplink.start();
    const backend = await recipientFromJwk(await text(paths.backend.encryptionPublic));
    return new DeliveringKiosk(settings, { outbox, uplink, boot, all: starting.move() }, { signer, backend });
  }

  /**
   * Seals what a visit might have brought: a manifest and one blob. Nothing is promised yet.
   * @param earlier numbers that this kiosk gave out in an outbox it no longer has
   */
  async seal(blob: Uint8Array, earlier = 0): Promise<FinishedPacket> {
    const { office, kiosk } = this.#settings;
    const sequence = earlier + (await this.outbox.nextSequence());
    const draft = { ...packetDraft(sequence), office, kiosk, boot: this.boot };
    const blobs = [{ name: 'face', mediaType: 'application/octet-stream', bytes: blob }];
    return { ...(await seal(draft, blobs, this.#keys.signer, this.#keys.backend)), sequence };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}
