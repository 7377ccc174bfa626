/** A kiosk's disk: Debian, the kernel's modules, and our packages. Made once for each state of them. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanRoot } from '../fixtures/clean-root.ts';
import type { GuestKernel } from '../guest/kernel.ts';

const PACKAGES = [
  ...['systemd-sysv', 'udev', 'kmod', 'dbus'],
  // The kiosk's key lies in a TPM.
  ...['tpm2-tools', 'libtss2-tcti-device0'],
];
/** What a trial adds: the network, the host's way in, and patience. */
const ADDED = fileURLToPath(new URL('./root/', import.meta.url));
/** Programs of the trial that run on the kiosk, and what they need of the tests. */
const PROGRAMS = ['chaos/stream-child.ts', 'chaos/kiosk.ts', 'fixtures/messages.ts', 'fixtures/pki.ts'];
const SIZE_MEBIBYTES = 3_072;

/**
 * @param debs folder of what `npm run package` made
 * @param cache kept between runs
 * @returns path of an ext4 file system without a partition table
 */
export async function machineImage(debs: string, kernel: GuestKernel, cache: string): Promise<string> {
  const packages = (await readdir(debs)).filter(name => name.endsWith('.deb')).sort();
  const programs = PROGRAMS.map(name => fileURLToPath(new URL(`../${name}`, import.meta.url)));
  const parts = [
    ...packages.map(name => join(debs, name)),
    ...programs,
    import.meta.filename,
    ...(await readdir(ADDED, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name)),
  ];
  const hash = createHash('sha256').update(kernel.version);
  for (const part of parts) hash.update(await readFile(part));
  const image = join(cache, `${hash.digest('hex').slice(0, 16)}.ext4`);
  if (existsSync(image)) return image;
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await using root = await cleanRoot();
  for (const name of packages) await root.bring(join(debs, name), `/srv/${name}`);
  const ours = packages.map(name => `/srv/${name}`).join(' ');
  await root.shell('apt-get update -qq');
  await root.shell(`apt-get install -y -qq --no-install-recommends ${PACKAGES.join(' ')} ${ours}`);
  await root.shell('apt-get clean; rm /srv/*.deb');
  for (const name of PROGRAMS)
    await root.bring(fileURLToPath(new URL(`../${name}`, import.meta.url)), `/usr/lib/vantay/test/${name}`);
  await root.bring(join(kernel.root, 'lib/modules', kernel.version), `/lib/modules/${kernel.version}`);
  await root.bring(`${ADDED}.`, '/');
  await root.shell(
    'echo kiosk-01 > /etc/hostname; systemctl enable systemd-networkd trial-shell.socket trial-screen.socket vantay',
  );
  await root.disk(`${image}.part`, SIZE_MEBIBYTES);
  await rename(`${image}.part`, image);
  return image;
}
