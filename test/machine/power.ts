/** A kiosk that loses its power again and again while it takes and delivers packets. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
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
  /** Packets that were promised by then, and how many of them are not in the outbox any more. */
  readonly promised: number;
  readonly lost: number;
}

export class PowerTrial {
  readonly seed = randomBytes(4).toString('hex');
  /** Packets of which the kiosk said that they are durable -> length of the disk's log when it said so, bytes. */
  readonly promised = new Map<string, number>();
  machine: Machine;
  readonly #kiosk: MachineKiosk;
  readonly #folder: string;
  readonly #rng: Rng;
  /** As it was when the machine was switched on. */
  #disk: string;
  #cuts = 0;
  /** Length of the disk's log from which on its cuts are of interest. */
  #fromByte = 0;

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
    this.#fromByte = this.#logBytes();
    const streaming = this.machine
      .shell(
        `cd /var/lib/vantay; exec setpriv --reuid=vantay --regid=vantay --clear-groups \\
          /usr/lib/vantay/bin/node /usr/lib/vantay/test/chaos/stream-child.ts '${JSON.stringify(settings)}'`,
        line => {
          const [word, id] = line.split(' ');
          if (word === 'accepted') this.promised.set(id!, this.#logBytes());
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
   * The power goes, a moment from now. Looks at the disk that is left, and at those that the same work would have left had
   * the power gone at other moments of it.
   * @param others how many of them on each kind of drive
   */
  async cut(others: Readonly<Partial<Record<Drive, number>>> = {}): Promise<CutFindings[]> {
    await sleep(this.#rng.integer(LONGEST_DELAY_MS));
    await this.machine.kill();
    this.#cuts += 1;
    const left = join(this.#folder, `disk-${this.#cuts}.ext4`);
    const end = this.#logBytes();
    const findings = [await this.#leave(left, 'honest', end)];
    for (const drive of DRIVES) {
      for (let other = 0; other < (others[drive] ?? 0); other += 1) {
        const disk = join(this.#folder, 'other.ext4');
        const at = this.#fromByte + this.#rng.integer(end - this.#fromByte);
        findings.push(await this.#leave(disk, drive, at));
        await rm(disk);
      }
    }
    if (this.#disk !== this.#kiosk.parts.disk) await rm(this.#disk);
    this.#disk = left;
    return findings;
  }

  /** What a drive has kept, as `disk`, when its log was so long. */
  async #leave(disk: string, drive: Drive, logBytes: number): Promise<CutFindings> {
    await promisify(execFile)('cp', ['--sparse=always', this.#disk, disk]);
    const cut = await cutPower(disk, this.machine.log, { drive, logBytes, rng: this.#rng });
    const found = await checkDisk(disk, this.#folder, this.#kiosk.world.configFile);
    const due = [...this.promised].flatMap(([id, saidAt]) => (saidAt <= logBytes ? [id] : []));
    const lost = due.filter(id => !found.packets.has(id)).length;
    return { ...found, drive, cut, promised: due.length, lost };
  }

  /** Power is back. What was promised before is still promised. */
  async boot(): Promise<void> {
    this.machine = await Machine.boot({ ...this.#kiosk.parts, disk: this.#disk });
    for (const id of this.promised.keys()) this.promised.set(id, 0);
    this.#fromByte = this.#logBytes();
  }

  #logBytes(): number {
    return statSync(this.machine.log).size;
  }
}
