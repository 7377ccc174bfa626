import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InjectionWatch } from '../../agent/pipeline/injection.ts';
import { videoDevice } from '../../drivers/ffmpeg/v4l2.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vantay-video-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A video device as Linux lays it out. @returns what to open */
async function plugged(node: string, place: string, name: string, serial?: string): Promise<string> {
  const folder = join(root, 'devices', place, 'video4linux', node);
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, 'class'), { recursive: true });
  await mkdir(join(root, 'dev'), { recursive: true });
  await writeFile(join(folder, 'name'), `${name}\n`);
  if (serial) {
    await writeFile(join(root, 'devices', place, '..', 'serial'), `${serial}\n`);
    await symlink(join(root, 'devices', place), join(folder, 'device'));
  }
  await symlink(folder, join(root, 'class', node));
  await writeFile(join(root, 'dev', node), '');
  const link = join(root, `${node}-by-id`);
  await symlink(join(root, 'dev', node), link);
  return link;
}

const look = (device: string) => videoDevice(device, join(root, 'class'));

it('tells name and serial number of a camera', async () => {
  const device = await plugged('video0', 'pci0000/usb1/1-4/1-4:1.0', 'HD Webcam', 'A1B2');
  expect(await look(device)).toEqual({ model: 'HD Webcam', serial: 'A1B2' });
});

it('tells one without hardware, whatever it calls itself, and it counts as injection', async () => {
  const found = await look(await plugged('video7', 'virtual', 'HD Webcam'));
  expect(found).toEqual({ model: 'virtual: HD Webcam', serial: '' });
  const watch = new InjectionWatch();
  watch.add(Uint8Array.of(1), { driver: 'ffmpeg', location: '/dev/video7', ...found! });
  expect(watch.signs).toEqual(['virtual_camera']);
});

it('says nothing of what is no video device', async () => {
  expect(await look(join(root, 'nowhere'))).toBeNull();
});
