/** What the agent tells the service manager that started it, over the protocol of sd_notify(3). */

/** Assignments of sd_notify(3) that are used here. */
export type Notice = 'READY=1' | 'RELOADING=1' | 'STOPPING=1' | 'WATCHDOG=1' | `STATUS=${string}`;

export interface ServiceManager {
  /** Sends notices; those that come to nothing are lost, as sd_notify(3) advises. */
  tell(...notices: Notice[]): void;
  /** Longest between two `WATCHDOG=1`, milliseconds; null where nobody watches. */
  readonly watchdogMs: number | null;
}

const NOBODY: ServiceManager = { tell: () => undefined, watchdogMs: null };
/** Constants of Linux, the same on x86-64 and arm64: <bits/socket.h>, <bits/socket_type.h>. */
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/**
 * The service manager behind `NOTIFY_SOCKET`; without one whatever is told goes nowhere. Node has no datagrams on local
 * sockets, and a helper process would not be the main process that the manager listens to: so the C library is called.
 */
export async function serviceManager(environment: NodeJS.ProcessEnv): Promise<ServiceManager> {
  const path = environment.NOTIFY_SOCKET;
  if (!path) return NOBODY;
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'int64_t sendto(int fd, const char *text, size_t length, int flags, const uint8_t *to, uint32_t toLength)',
  );
  const fd: number = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  const to = addressOf(path);
  return {
    tell: (...notices) => {
      const text = notices.join('\n');
      sendto(fd, text, Buffer.byteLength(text), MSG_DONTWAIT_NOSIGNAL, to, to.length);
    },
    watchdogMs: watchdogMs(environment),
  };
}

/** A `sockaddr_un` (unix(7)): family in the machine's order, then the path; an abstract name has a zero for its `@`. */
function addressOf(path: string): Buffer {
  const family = Buffer.from(Uint16Array.of(AF_UNIX).buffer);
  const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
  return Buffer.concat([family, Buffer.from(name)]);
}

/** sd_watchdog_enabled(3): the period counts only for the process it names. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return null;
  const ms = Number(WATCHDOG_USEC) / 1000;
  return ms > 0 ? ms : null;
}
