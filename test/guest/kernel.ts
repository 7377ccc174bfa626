/** Debian's kernel for the guest: its package is fetched once, unpacked, and cut down to what boots from the host's files. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

export interface GuestKernel {
  /** Uncompressed kernel, which QEMU enters directly (PVH). */
  readonly image: string;
  /** Folder that `modprobe -d` is given. */
  readonly root: string;
  readonly version: string;
  /** Module of the camera that another program feeds (v4l2loopback). */
  readonly loopback: string;
}

const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** @param folder kept between runs */
export async function guestKernel(folder: string): Promise<GuestKernel> {
  const { stdout } = await run('apt-cache', ['depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error('no kernel package is known; run apt-get update');
  const version = name.replace('linux-image-', '');
  const root = join(folder, version);
  const image = join(root, 'vmlinux');
  const loopback = join(root, 'v4l2loopback.ko');
  if (!(await readdir(folder).catch((): string[] => [])).includes(version)) {
    const made = `${root}.part`;
    await rm(made, { recursive: true, force: true });
    await mkdir(made, { recursive: true });
    for (const each of [name, 'v4l2loopback-dkms']) await unpackPackage(each, made);
    await run('depmod', ['-b', made, version], { env: { ...process.env, PATH } });
    await writeFile(
      join(made, 'vmlinux'),
      await uncompressed(await readFile(join(made, 'boot', `vmlinuz-${version}`))),
    );
    await copyFile(await builtLoopback(made, version), join(made, 'v4l2loopback.ko'));
    await rename(made, root);
  }
  return { image, root, version, loopback };
}

async function unpackPackage(name: string, folder: string): Promise<void> {
  await run('apt-get', ['download', name], { cwd: folder });
  const [file] = (await readdir(folder)).filter(each => each.endsWith('.deb'));
  await run('dpkg-deb', ['-x', join(folder, file!), folder]);
  await rm(join(folder, file!));
}

/** Debian has this module as source only; the headers of the same kernel build it. */
async function builtLoopback(root: string, version: string): Promise<string> {
  const [source] = await readdir(join(root, 'usr/src'));
  const folder = join(root, 'usr/src', source!);
  await run('make', ['-C', `/usr/src/linux-headers-${version}`, `M=${folder}`, 'modules']);
  return join(folder, 'v4l2loopback.ko');
}

/** The kernel proper out of the image that unpacks itself: that would take the emulated processor half a minute. */
async function uncompressed(image: Buffer): Promise<Buffer> {
  const xz = spawn('xz', ['-dc', '--single-stream'], { stdio: ['pipe', 'pipe', 'ignore'] });
  // What follows the kernel in the image is none of xz's business: it may stop taking it.
  xz.stdin.on('error', () => {});
  xz.stdin.end(image.subarray(image.indexOf(XZ_MAGIC)));
  const chunks: Buffer[] = [];
  xz.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(xz, 'close');
  const kernel = Buffer.concat(chunks);
  if (!kernel.subarray(0, 4).equals(ELF_MAGIC)) throw new Error('the kernel image is not packed with xz');
  return kernel;
}

export interface FirstProcess {
  /** Script of the first process, for busybox. */
  readonly init: URL;
  /** Kernel modules that it loads, with those that they need. */
  readonly modules: readonly string[];
  /** What the shells after it are to know. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The first file system: busybox, the few modules, `init`. */
export async function initialRamdisk(
  kernel: GuestKernel,
  folder: string,
  { init, modules, environment = {} }: FirstProcess,
): Promise<string> {
  const content = join(folder, 'initial');
  for (const each of ['bin', 'dev', 'proc', 'sys', 'modules'])
    await mkdir(join(content, each), { recursive: true });
  await copyFile('/bin/busybox', join(content, 'bin/busybox'));
  await copyFile(init, join(content, 'init'));
  await run('chmod', ['755', join(content, 'init')]);
  const quoted = Object.entries(environment).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(content, 'environment'), quoted.join(''));
  const order = new Set<string>();
  for (const module of modules) {
    const listed = await run('modprobe', ['-d', kernel.root, '-S', kernel.version, '-D', module], {
      env: { ...process.env, PATH },
    });
    for (const [, file] of listed.stdout.matchAll(/^insmod (\S+)/gm)) order.add(file!);
  }
  for (const file of order) await copyFile(file, join(content, 'modules', basename(file)));
  await writeFile(join(content, 'modules/order'), [...order].map(file => `${basename(file)}\n`).join(''));
  const archive = join(folder, 'initial.cpio');
  await run('sh', ['-c', `cd "$1" && find . | cpio -o -H newc --quiet > "$2"`, 'sh', content, archive]);
  return archive;
}
