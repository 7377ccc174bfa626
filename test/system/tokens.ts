/** A PKCS #11 token (SoftHSM) and a TPM 2.0 (swtpm) as Debian has them, each in a folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where Debian's softhsm2 puts its module, whatever the machine. */
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '271828';
/** Longest wait for swtpm's socket, in milliseconds. */
const SOCKET_DEADLINE_MS = 10_000;

/**
 * Makes an empty token. Its module finds it through SOFTHSM2_CONF, which this sets for this process and its children.
 * @returns `keys.pkcs11` of a configuration
 */
export async function makeSoftHsm(folder: string) {
  const home = join(folder, 'softhsm');
  await mkdir(join(home, 'tokens'), { recursive: true });
  const settings = join(home, 'softhsm2.conf');
  await writeFile(settings, `directories.tokendir = ${join(home, 'tokens')}\nobjectstore.backend = file\n`);
  process.env.SOFTHSM2_CONF = settings;
  const initialise = ['--init-token', '--free', '--label', 'kiosk', '--so-pin', '31415926', '--pin', PIN];
  await promisify(execFile)('softhsm2-util', initialise);
  const pinFile = join(home, 'pin');
  await writeFile(pinFile, `${PIN}\n`, { mode: 0o600 });
  return { moduleFile: MODULE, tokenLabel: 'kiosk', pinFile, keyLabel: 'vantay' };
}

/** A TPM whose keys need an authorisation value. */
export class SoftTpm implements AsyncDisposable {
  /** `keys.tpm2` of a configuration. */
  readonly settings: { readonly tcti: string; readonly handle: number; readonly authFile: string };
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, socket: string, authFile: string) {
    this.#child = child;
    this.settings = { tcti: `swtpm:path=${socket}`, handle: 0x81020010, authFile };
  }

  static async start(folder: string): Promise<SoftTpm> {
    const home = join(folder, 'tpm');
    await mkdir(home, { recursive: true });
    const socket = join(home, 'socket');
    const authFile = join(home, 'auth');
    await writeFile(authFile, 'a value of the test', { mode: 0o600 });
    const child = spawn(
      'swtpm',
      [
        ...['socket', '--tpm2', '--tpmstate', `dir=${home}`, '--flags', 'not-need-init,startup-clear'],
        ...['--server', `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${socket}.ctrl`],
      ],
      { stdio: 'ignore' },
    );
    await once(child, 'spawn');
    const tpm = new SoftTpm(child, socket, authFile);
    for (let waitedMs = 0; !existsSync(socket); waitedMs += 20) {
      if (waitedMs > SOCKET_DEADLINE_MS) throw new Error('swtpm did not start');
      await sleep(20);
    }
    return tpm;
  }

  /** As a TPM that hangs: it takes commands and answers none. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
