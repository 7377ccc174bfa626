/** Our packages on a machine that boots: systemd as PID 1, a TPM, a hanging agent. */
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificates } from '../../agent/packet/certificates.ts';
import { openSealed } from '../../agent/packet/open.ts';
import { decryptionKeyFromJwk } from '../../agent/packet/signer.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { ADDRESS } from '../../sim/world/world.ts';
import { MachineKiosk, until } from './kiosk.ts';
import { Machine } from './machine.ts';
import { type CutFindings, PowerTrial } from './power.ts';

/** The first of the two handles at which a kiosk keeps its keys, unless its configuration says otherwise. */
const HANDLE = '0x81020010';

let folder: string;
let kiosk: MachineKiosk;
let machine: Machine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-machine-'));
  kiosk = await MachineKiosk.prepare(folder);
  machine = await Machine.boot(kiosk.parts);
});
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  await kiosk?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('a kiosk that is a machine of its own', () => {
  let boot = 0;

  it('makes its key in its TPM, and takes the certificate for it', async () => {
    await kiosk.configure(machine);
    await kiosk.provision(machine);
    const key = await machine.shell(`tpm2 readpublic -T device:/dev/tpmrm0 -c ${HANDLE}`);
    expect(key).toMatch(/fixedtpm\|fixedparent\|sensitivedataorigin/);
  });

  it('starts its service: ready, as a user without rights', async () => {
    await machine.shell('systemctl start vantay');
    boot = await kiosk.ready(machine);
    expect(boot).toBe(1);
    expect(await machine.shell('ps -o comm= -p 1')).toBe('systemd');
    expect(await machine.shell('ps -o user= -p $(systemctl show vantay --value -p MainPID)')).toBe('vantay');
  });

  it('serves a visitor; the backend takes the packet, which the key in the TPM has signed', async () => {
    const trace = await kiosk.serve(machine);
    expect(trace).toMatchObject({ endReason: 'finished', delivery: 'accepted', deviceProblems: [] });
    const container = kiosk.world.backend.container(trace.packetId ?? '');
    const paths = pkiPaths(kiosk.keys, ADDRESS.office, ADDRESS.kiosk);
    const { signer } = await openSealed(
      container ?? new Uint8Array(),
      {
        keys: [await decryptionKeyFromJwk(await readFile(paths.backend.encryption, 'utf8'))],
        trust: { roots: parseCertificates(await readFile(paths.root.chain, 'utf8')) },
        now: new Date(),
      },
      { type: 'vantay.packet', kiosk: ADDRESS },
    );
    const pem = await machine.shell(
      `tpm2 readpublic -Q -T device:/dev/tpmrm0 -c ${HANDLE} -f pem -o /run/key.pem; cat /run/key.pem`,
    );
    expect(signer.publicKey.equals(createPublicKey(pem))).toBe(true);
  });

  it('is killed by the watchdog when it hangs, and is ready again, its boot number one higher', async () => {
    await machine.shell('kill -STOP $(systemctl show vantay --value -p MainPID)');
    await until(
      'the watchdog',
      async () => (await machine.shell('systemctl show vantay --value -p NRestarts')) === '1',
    );
    expect(await machine.shell('journalctl -u vantay -o cat --no-pager')).toMatch(/[Ww]atchdog timeout/);
    expect(await kiosk.ready(machine, boot)).toBe(boot + 1);
  });

  describe('that loses its power', () => {
    let trial: PowerTrial;
    const delivered = () => kiosk.world.backend.count();
    /** Another so many packets at the backend. */
    const more = (packets: number) => {
      const enough = delivered() + packets;
      return () => delivered() >= enough;
    };
    const holds = (found: CutFindings) => {
      process.stdout.write(`${JSON.stringify({ ...found, packets: found.packets.size })}\n`);
      expect(found).toMatchObject({ complaints: [], lost: 0 });
    };

    beforeAll(async () => {
      trial = new PowerTrial(kiosk, machine, folder);
      process.stdout.write(`seed of the power cuts: ${trial.seed}\n`);
      await trial.bringKeys();
    });
    afterAll(() => trial?.machine.kill());

    it('while it takes packets that nobody fetches: none is lost, on a drive that keeps what it says it kept', async () => {
      await kiosk.world.broker?.stop();
      await trial.stream(() => trial.promised.size >= 12);
      const found = await trial.cut({ honest: 6, lying: 3 });
      for (const each of found.filter(({ drive }) => drive === 'honest')) holds(each);
      // Else the trial could see nothing.
      const lying = found.filter(({ drive }) => drive === 'lying');
      expect(
        lying.filter(({ complaints, lost }) => complaints.length > 0 || lost > 0).length,
      ).toBeGreaterThan(0);
    });

    it('while its service delivers them, twice: none is lost', async () => {
      await kiosk.world.broker?.start();
      for (const packets of [1, 3]) {
        await trial.boot();
        const enough = more(packets);
        await until('packets flow', async () => enough());
        for (const each of await trial.cut({ honest: 2 })) holds(each);
      }
    });

    it('while it takes and delivers packets: none is lost', async () => {
      await trial.boot();
      await kiosk.ready(trial.machine);
      await trial.stream(more(5));
      for (const each of await trial.cut({ honest: 6 })) holds(each);
    });

    it('comes up again each time, every packet it promised is at the backend once, and it serves the next visitor', async () => {
      await trial.boot();
      await kiosk.ready(trial.machine);
      const missing = () => {
        const there = new Set(kiosk.world.backend.stored().map(({ packetId }) => packetId));
        return [...trial.promised.keys()].filter(id => !there.has(id));
      };
      await until('all packets are delivered', async () => missing().length === 0);
      const stored = kiosk.world.backend.stored();
      expect(new Set(stored.map(({ containerSha256 }) => containerSha256)).size).toBe(stored.length);
      expect(kiosk.world.backend.refusals()).toEqual([]);
      const config = '--json --config /etc/vantay/agent.yaml';
      await until(
        'the outbox is empty',
        async () => JSON.parse(await trial.machine.shell(`vantay outbox list ${config}`)).packets === 0,
      );
      expect(JSON.parse(await trial.machine.shell(`vantay audit verify ${config}`))).toMatchObject({
        intact: true,
      });
      // And its key still signs.
      expect(await kiosk.serve(trial.machine)).toMatchObject({ endReason: 'finished', delivery: 'accepted' });
    });
  });
});
