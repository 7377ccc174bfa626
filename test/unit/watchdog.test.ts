/** The watchdog of the service manager is fed while every loop moves, and no longer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../agent/ops/clock.ts';
import { DeviceBoard } from '../../agent/ops/device-board.ts';
import { createLog } from '../../agent/ops/log.ts';
import { Pulse, standingStill } from '../../agent/ops/pulse.ts';
import { serviceManager } from '../../agent/ops/service-manager.ts';
import { Watchdog } from '../../agent/ops/watchdog.ts';
import { Connection } from '../../agent/uplink/connection.ts';
import { DeviceError } from '../../drivers/device.ts';
import { type NotifySocket, notifySocket } from '../fixtures/notify-socket.ts';

const silent = createLog('silent');

describe("a loop's word", () => {
  it('is kept until its time is over, kept again with the next, and given for nothing while it rests', () => {
    let nowMs = 0;
    const pulse = new Pulse(() => nowMs);
    nowMs = 1e9;
    expect(pulse.lateMs).toBe(0);
    pulse.within(100);
    nowMs += 100;
    expect(pulse.lateMs).toBe(0);
    nowMs += 5;
    expect(pulse.lateMs).toBe(5);
    expect(standingStill({ a: pulse, b: new Pulse(() => nowMs) })).toEqual(['a']);
    pulse.within(100);
    expect(pulse.lateMs).toBe(0);
    nowMs += 500;
    pulse.rest();
    expect(pulse.lateMs).toBe(0);
  });

  it('is broken by a line to the broker whose attempt never ends', async () => {
    let nowMs = 0;
    const clock: Clock = {
      now: () => new Date(),
      monotonicMs: () => nowMs,
      sleep: () => new Promise(() => undefined),
    };
    const asked = Promise.withResolvers<void>();
    const connection = new Connection({
      dial: ({ signal }) => {
        asked.resolve();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      request: () => ({
        clientId: 'a',
        will: { topic: 'a', payload: '' },
        subscriptions: [],
        onMessage: () => undefined,
      }),
      birth: async () => undefined,
      farewell: async () => undefined,
      onChange: () => undefined,
      clock,
      log: silent,
      backOff: { firstMs: 1, maximumMs: 1 },
    });
    connection.start();
    await asked.promise;
    expect(connection.pulse.lateMs).toBe(0);
    nowMs = 10 * 60_000;
    expect(connection.pulse.lateMs).toBeGreaterThan(0);
    await connection[Symbol.asyncDispose]();
  });

  it('is asked of every device until it works, and again once it has failed', () => {
    const board = new DeviceBoard(silent);
    const held = () => Object.entries(board.pulses).map(([role, pulse]) => [role, pulse.dueInMs < Infinity]);
    board.set('camera', { state: 'starting' });
    expect(held()).toEqual([['camera', true]]);
    board.set('camera', { state: 'ready' });
    expect(held()).toEqual([['camera', false]]);
    board.set('camera', { state: 'failed', error: new DeviceError('DEVICE_GONE', 'gone') });
    expect(held()).toEqual([['camera', true]]);
    board.set('camera', { state: 'stopped' });
    expect(held()).toEqual([['camera', false]]);
  });
});

describe('the watchdog', () => {
  let folder: string;
  let socket: NotifySocket;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vantay-notify-'));
    socket = notifySocket(join(folder, 'notify'));
  });
  afterEach(() => {
    socket[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  const fed = () => socket.notices.filter(notice => notice === 'WATCHDOG=1').length;

  it('is fed while all loops move, not while one stands still, and again afterwards', async () => {
    const manager = await serviceManager({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '80000' });
    expect(manager.watchdogMs).toBe(80);
    const moving = new Pulse();
    const stuck = new Pulse();
    using _dog = new Watchdog(manager, () => ({ moving, stuck }), silent);
    await expect.poll(fed).toBeGreaterThan(3);
    stuck.within(-1);
    manager.tell('STATUS=stuck');
    await expect.poll(() => socket.notices.includes('STATUS=stuck')).toBe(true);
    const before = fed();
    manager.tell('STATUS=later');
    await new Promise(resolve => setTimeout(resolve, 200));
    await expect.poll(() => socket.notices.includes('STATUS=later')).toBe(true);
    expect(fed()).toBe(before);
    stuck.within(60_000);
    await expect.poll(fed).toBeGreaterThan(before);
  });

  it('is left alone where nobody watches, or somebody else is watched', async () => {
    expect((await serviceManager({})).watchdogMs).toBeNull();
    const other = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '80000', WATCHDOG_PID: '1' };
    expect((await serviceManager(other)).watchdogMs).toBeNull();
    expect((await serviceManager({ NOTIFY_SOCKET: socket.path })).watchdogMs).toBeNull();
  });
});
