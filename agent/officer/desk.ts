/** The officer's console with everything it consists of, from the configuration: the door of this room. */
import type { Config } from '../contract/config.ts';
import { entryOf, VantayError } from '../ops/errors.ts';
import type { Log } from '../ops/log.ts';
import { bundlePage } from '../screen/page.ts';
import { accountsFile } from './accounts.ts';
import { type ConsoleOptions, OfficerConsole } from './console.ts';
import { endWithAccounts } from './dismissals.ts';
import { OfficerServer } from './server.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

/** @throws VantayError PORT_IN_USE, CONFIG_INVALID without `officer` in the configuration */
export async function openDesk(
  config: Config,
  log: Log,
  kiosk: Omit<ConsoleOptions, 'self' | 'policy'>,
): Promise<AsyncDisposable & { readonly address: string }> {
  const { kiosk: name, office, officer: settings } = config;
  if (!settings) throw new VantayError('CONFIG_INVALID', 'no officer in the configuration');
  const { port, origin, idleMinutes, shiftHours, secondOfficerFor, developmentPins } = settings;
  const { clock, outbox } = kiosk;
  const pins = developmentPins.length > 0;
  await using starting = new AsyncDisposableStack();
  const sessions = starting.use(
    new Sessions(clock, { idleMs: idleMinutes * 60_000, shiftMs: shiftHours * 3_600_000 }, officer => {
      outbox
        .record({ event: 'officer_signed_out', officer })
        .catch((error: unknown) => log.error({ err: error }, 'a sign-out is not in the audit chain'));
    }),
  );
  starting.use(endWithAccounts(accountsFile(config), sessions, log));
  const server = await OfficerServer.start({
    ...{ port, publicOrigin: origin ?? null, page: await bundlePage('officer'), log },
    sessions,
    console: starting.use(
      new OfficerConsole({
        ...kiosk,
        self: { kiosk: name, office },
        policy: { secondOfficerFor, pins },
      }),
    ),
    signInAt: at => new SignIn({ file: accountsFile(config), origin: at, pins: developmentPins, clock }),
    record: event => outbox.record(event),
  });
  starting.use(server);
  if (pins) {
    const { code, remedy } = entryOf(new VantayError('OFFICER_PINS', ''));
    log.warn({ code, remedy }, 'OFFICERS CAN SIGN IN BY PIN: for development only');
  }
  const running = starting.move();
  return { address: server.address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
