/**
 * A thread of the model process that ends it once its parent is gone, even while a graph holds the main thread.
 */
import { workerData } from 'node:worker_threads';

/** How long a model process may outlive its parent, in milliseconds. */
const CHECK_EVERY_MS = 500;

const { parentPid } = workerData as { parentPid: number };
setInterval(() => {
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
}, CHECK_EVERY_MS);
