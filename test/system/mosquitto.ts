import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { TlsFiles } from '../../sim/broker/broker.ts';

/** Who may do what, by the common name of the client certificate: a kiosk speaks and hears for itself only. */
const ACCESS = `
user backend
topic read vantay/1/+/+/packet
topic write vantay/1/+/+/receipt
user registry
topic read vantay/1/+/+/record/request
topic write vantay/1/+/+/record/answer
topic read vantay/1/+/+/record/sync/request
topic write vantay/1/+/+/record/sync/answer
topic write vantay/1/+/+/record/sync/notice
user record server
topic read vantay/1/+/+/record/identify/request
topic write vantay/1/+/+/record/identify/answer
pattern write vantay/1/+/%u/packet
pattern write vantay/1/+/%u/record/request
pattern read vantay/1/+/%u/receipt
pattern read vantay/1/+/%u/record/answer
pattern write vantay/1/+/%u/record/sync/request
pattern read vantay/1/+/%u/record/sync/answer
pattern read vantay/1/+/%u/record/sync/notice
pattern write vantay/1/+/%u/record/identify/request
pattern read vantay/1/+/%u/record/identify/answer
pattern write vantay/1/+/%u/state
pattern write vantay/1/+/%u/devices
pattern write vantay/1/+/%u/health
pattern read vantay/1/+/%u/command
pattern write vantay/1/+/%u/command/answer
`;

/** Debian's mosquitto with mutual TLS, as a process of its own. */
export class Mosquitto implements AsyncDisposable {
  readonly port: number;
  readonly #configuration: string;
  #process: ChildProcess | null = null;

  private constructor(port: number, configuration: string) {
    this.port = port;
    this.#configuration = configuration;
  }

  /** @param more lines of its configuration @throws when mosquitto is not installed: these tests are never skipped. */
  static async start(folder: string, tls: TlsFiles, more: readonly string[] = []): Promise<Mosquitto> {
    const port = await freePort();
    const access = join(folder, 'mosquitto.acl');
    writeFileSync(access, ACCESS, { mode: 0o600 });
    const configuration = join(folder, 'mosquitto.conf');
    writeFileSync(
      configuration,
      [
        `listener ${port} 127.0.0.1`,
        `cafile ${tls.ca}`,
        `certfile ${tls.certificate}`,
        `keyfile ${tls.key}`,
        'require_certificate true',
        'use_identity_as_username true',
        'allow_anonymous false',
        `acl_file ${access}`,
        'persistence false',
        ...more,
        // Started by root it would become another user, who may not read the keys.
        'user root',
        '',
      ].join('\n'),
    );
    const broker = new Mosquitto(port, configuration);
    await broker.run();
    return broker;
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    // Debian puts it where only root looks.
    const path = [process.env.PATH, '/usr/sbin'].join(delimiter);
    const child = spawn('mosquitto', ['-c', this.#configuration], {
      stdio: 'ignore',
      env: { ...process.env, PATH: path },
    });
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new Error('mosquitto is missing: apt-get install mosquitto', { cause });
    });
    this.#process = child;
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
