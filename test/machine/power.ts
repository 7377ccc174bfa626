/** A kiosk that loses its power again and again while it takes and delivers packets. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createRng, type Rng } from '../../sim/people/finger/rng.ts';
import { ADDRESS } from '../../sim/world/world.ts';
import { checkDisk, type DiskFindings } from './disk-check.ts';
import type { MachineKiosk } from './kiosk.ts';
import { Machine } from './machine.ts';
import { type Cut, cutPower, type Drive } from './write-log.ts';

/** A packet as large as a visit of one finger and a face. */
const BLOB_BYTES = 150_000;
const PAUSE_MS = 200;
/** Longest time from the moment chosen to the cut. */
const LONGEST_DELAY_MS = 2_000;

const DRIVES: readonly Drive[] = ['honest', 'lying'];

export interface CutFindings extends DiskFindings {
  readonly drive: Drive;
  readonly cut: Cut;
  /** Packets that were promised before and are not in the outbox any more. */
  readonly lost: number;
}

export class PowerTrial {
  readonly seed = randomBytes(4).toString('hex');
  /** Packets of which the kiosk said that they are durable. */
  readonly promised = new Set<string>();
  machine: Machine;
  readonly #kiosk: MachineKiosk;
  readonly #folder: string;
  readonly #rng: Rng;
  /** As it was when the machine was switched on. */
  #disk: string;
  #cuts = 0;

  constructor(kiosk: MachineKiosk, machine: Machine, folder: string) {
    this.#kiosk = kiosk;
    this.machine = machine;
    this.#folder = folder;
    this.#rng = createRng('machine', this.seed);
    this.#disk = kiosk.parts.disk;
  }

  /** Takes packets into the agent's outbox and delivers them, in its place, until it is enough; goes on afterwards. */
  async stream(enough: () => boolean): Promise<void> {
    await this.machine.shell('systemctl stop vantay');
    const settings = {
      ...{ ...ADDRESS, state: '/var/lib/vantay', keys: '/srv/keys', keepaliveSeconds: 30 },
      ...{ url: this.#kiosk.world.brokerUrl.replace('127.0.0.1', '10.0.2.2') },
      ...{ pauseMs: PAUSE_MS, blobBytes: BLOB_BYTES },
    };
    const streaming = this.machine
      .shell(
        `cd /var/lib/vantay; exec setpriv --reuid=vantay --regid=vantay --clear-groups \\
          /usr/lib/vantay/bin/node /usr/lib/vantay/test/chaos/stream-child.ts '${JSON.stringify(settings)}'`,
        line => {
          const [word, id] = line.split(' ');
          if (word === 'accepted') this.promised.add(id!);
        },
      )
      .then(
        () => new Error('the stream ended by itself'),
        (error: Error) => error,
      );
    let ended: Error | null = null;
    void streaming.then(error => {
      ended = error;
    });
    while (!enough()) {
      if (ended) throw ended;
      await sleep(50);
    }
  }

  /** What the stream needs of the office's keys. */
  async bringKeys(): Promise<void> {
    const { stdout } = await promisify(execFile)('tar', ['-C', this.#kiosk.keys, '-cz', '.'], {
      encoding: 'buffer',
    });
    await this.machine.bring('/srv/keys.tgz', stdout);
    await this.machine.shell(
      'mkdir /srv/keys; tar -C /srv/keys -xzf /srv/keys.tgz; chown -R vantay /srv/keys; sync',
    );
  }

  /**
   * The power goes, a moment from now. Looks at the disk that is left, and at others that might have been left as well.
   * @param others how many of each kind of drive; a lying one forgets what it was told to keep
   */
  async cut(others: Readonly<Partial<Record<Drive, number>>> = {}): Promise<CutFindings[]> {
    await sleep(this.#rng.integer(LONGEST_DELAY_MS));
    await this.machine.kill();
    this.#cuts += 1;
    const left = join(this.#folder, `disk-${this.#cuts}.ext4`);
    const findings = [await this.#leave(left, 'honest')];
    for (const drive of DRIVES) {
      for (let other = 0; other < (others[drive] ?? 0); other += 1) {
        const disk = join(this.#folder, 'other.ext4');
        findings.push(await this.#leave(disk, drive));
        await rm(disk);
      }
    }
    if (this.#disk !== this.#kiosk.parts.disk) await rm(this.#disk);
    this.#disk = left;
    return findings;
  }

  /** What a drive has kept, as `disk`. */
  async #leave(disk: string, drive: Drive): Promise<CutFindings> {
    await promisify(execFile)('cp', ['--sparse=always', this.#disk, disk]);
    const cut = await cutPower(disk, this.machine.log, { rng: this.#rng, drive });
    const found = await checkDisk(disk, this.#folder, this.#kiosk.world.configFile);
    const lost = [...this.promised].filter(id => !found.packets.has(id)).length;
    return { ...found, drive, cut, lost };
  }

  /** Power is back. */
  async boot(): Promise<void> {
    this.machine = await Machine.boot({ ...this.#kiosk.parts, disk: this.#disk });
  }
}
