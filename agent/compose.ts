/** The only file that constructs things: from a configuration to a running agent. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Camera, DocumentReader, FingerScanner } from '../drivers/device.ts';
import type { Tap } from '../drivers/link/tape.ts';
import { printTo } from '../drivers/printer/driver.ts';
import { cameraOpener, lightOpener, type Open, readerOpener, scannerOpener } from '../drivers/registry.ts';
import { type Supervised, supervise } from '../drivers/supervise.ts';
import { memoryReturner, startFaceGallery, startFingerGallery, startModels } from '../models/index.ts';
import type { Config } from './contract/config.ts';
import type { ScreenView } from './contract/screen.ts';
import { fileRing } from './keys/file-ring.ts';
import { KioskKeys, keyFilesOf } from './keys/kiosk-keys.ts';
import { pkcs11Ring } from './keys/pkcs11-ring.ts';
import type { KeyRing } from './keys/ring.ts';
import { tpm2Ring } from './keys/tpm2-ring.ts';
import { AccountRequests } from './officer/account-requests.ts';
import { openDesk } from './officer/desk.ts';
import { clockTrust, systemClock } from './ops/clock.ts';
import { DeviceBoard, type DeviceRole } from './ops/device-board.ts';
import { definedOnly, scannerSettings } from './ops/device-settings.ts';
import { entryOf, VantayError } from './ops/errors.ts';
import type { Log } from './ops/log.ts';
import { type Pauses, VisitPauses } from './ops/loop-watch.ts';
import { observe } from './ops/observe.ts';
import type { Pulses } from './ops/pulse.ts';
import { followSignals, lightSignal, showing } from './ops/signal-light.ts';
import { timedModels } from './ops/timed-models.ts';
import { VisitGate } from './outbox/gate.ts';
import { SqliteOutbox } from './outbox/outbox.ts';
import { outboxFile } from './outbox/settings.ts';
import { OutboxStore } from './outbox/store.ts';
import { buildPacket, type PacketTools } from './packet/build.ts';
import { ImageCodec } from './packet/imaging.ts';
import { uuid7Maker } from './packet/uuid7.ts';
import { CameraFeed } from './pipeline/camera-feed.ts';
import { takeDocument } from './pipeline/document.ts';
import { patient } from './pipeline/patient.ts';
import type { DeviceUse } from './pipeline/ports.ts';
import { CARD_CODES, dateInVietnam, expectedDates, LAW, simCheck } from './procedure/index.ts';
import { comparerOf, sameFaceScore } from './records/comparer.ts';
import { deciderOf } from './records/identify.ts';
import { keepRecords } from './records/keep.ts';
import { attemptsOf } from './records/kept-attempts.ts';
import { lookUp } from './records/lookup.ts';
import { placesOf } from './records/places.ts';
import { consentText } from './screen/consent.ts';
import { OFFERED_LANGUAGES } from './screen/messages/index.ts';
import { bundlePage } from './screen/page.ts';
import { ScreenServer } from './screen/server.ts';
import { slipPrinter } from './screen/slip/print.ts';
import { LiveScreen } from './screen/source.ts';
import { Speech } from './screen/speech.ts';
import { comparedOf, stepOf } from './session/journal.ts';
import { perform, type Stages } from './session/perform.ts';
import { checkComplete, policyOf } from './session/policy.ts';
import { Session } from './session/run.ts';
import { visitOf } from './session/state.ts';
import type { ViewContext } from './session/view.ts';
import { mqttDial } from './uplink/dial.ts';
import { followReceipts } from './uplink/follow.ts';
import { Uplink } from './uplink/uplink.ts';
import { VERSION } from './version.ts';

/** Longest one call of a model may take, in milliseconds: a frame takes tens of them, a queue behind references seconds. */
const MODEL_DEADLINE_MS = 15_000;
/** Longest a visit's images may take to be compressed, in milliseconds. */
const CODEC_DEADLINE_MS = 60_000;
/** How long the camera step insists on a perfect portrait, as a share of the time the configuration gives it. */
const STRICT_SHARE = 0.3;

export interface Agent extends AsyncDisposable {
  /** Address of the kiosk page. */
  readonly screen: string;
  /** Address of the officer's console; null where there is none. */
  readonly officer: string | null;
  /** Worst pauses of this process during visits; null before the first. */
  readonly visitPauses: Pauses | null;
  /** Its loops, for whoever watches over it. */
  readonly pulses: Pulses;
  /** Resolves while nobody is being served. Rejects with the signal's reason. */
  free(signal: AbortSignal): Promise<void>;
}

/** @throws VantayError, and the coded errors of keys, outbox and models, when the agent cannot run at all */
export async function startAgent(config: Config, log: Log): Promise<Agent> {
  await using starting = new AsyncDisposableStack();
  const stopping = new AbortController();
  const clock = systemClock;
  const newId = uuid7Maker(() => clock.now().getTime());

  // What an operator can mend comes first, so that it is told at once; the models take seconds to load.
  const outbox = starting.use(await openOutbox(config));
  const keys = starting.use(await openKeys(config, log));
  const boot = await outbox.nextBoot();
  const models = starting.use(
    timedModels(
      await startModels({
        deadlineMs: MODEL_DEADLINE_MS,
        log: event => log.info(event, 'models'),
        ...definedOnly(config.models),
      }),
    ),
  );
  const self = { office: config.office, kiosk: config.kiosk, boot, agentVersion: VERSION };

  const uplink = starting.use(
    new Uplink({
      dial: mqttDial(config.mqtt),
      outbox,
      self,
      keys,
      lookupTimeoutMs: config.comparison.lookupTimeoutSeconds * 1000,
      newId,
      clock,
      log,
    }),
  );

  const gate = starting.use(
    await VisitGate.open(outbox, error => log.error({ err: error }, 'no visit may begin: the outbox fails')),
  );
  gate.record({ event: 'started', agentVersion: VERSION });

  const board = new DeviceBoard(log);
  // Ended last, after everything that uses a device.
  const devicesEnd = starting.adopt(new AbortController(), controller =>
    controller.abort(new Error('the agent stops')),
  );
  const watch = <D extends FingerScanner | Camera | DocumentReader>(
    role: DeviceRole,
    open: Open<D>,
  ): DeviceUse<D> => {
    const supervised = starting.use(superviseOn(board, role, open, devicesEnd.signal));
    return patient(supervised);
  };
  const codec = starting.use(imageCodec());
  const open = deviceOpeners(config, undefined, codec);
  const scanner = watch('finger_scanner', open.finger_scanner);
  const readers = [
    watch('document_reader', open.document_reader),
    ...(open.code_scanner ? [watch('code_scanner', open.code_scanner)] : []),
  ];
  const camera = starting.use(new CameraFeed(watch('camera', open.camera)));

  const comparer = comparerOf(models, config);
  const today = () => dateInVietnam(clock.now());
  const expected: ViewContext['expectedDates'] = (lookup, purpose) =>
    expectedDates(
      purpose,
      lookup.state === 'unavailable' ? null : (lookup.onFile ?? NOTHING_ON_FILE),
      today(),
      config.calendar,
    );
  const preparer = {
    finger: models.finger,
    face: models.face,
    jpeg2000: codec,
    keepsPortrait: config.officer !== undefined,
  };
  const kept = starting.use(
    keepRecords(config, {
      ...{ uplink, outbox, models, preparer, clock, log },
      ...{ startGallery: startFaceGallery, startFingerGallery },
      busy: () => visitOf(session.state) !== null,
    }),
  );
  const attempts = attemptsOf(config);
  const known = placesOf(config, kept, uplink, comparer);
  const tools: PacketTools = { codec, signer: keys.signer, recipient: keys.backend };

  const stages: Stages = {
    finger: {
      scanner,
      engine: models.finger,
      // Every finger is compared with all before it, so the strictest rate that was measured is asked for.
      sameFingerScore: Math.max(...comparer.fingerTable.map(point => point.threshold)),
      attempts: config.visit.fingerAttempts,
      minimumQuality: config.visit.fingerMinimumQuality,
    },
    face: {
      camera,
      engine: models.face,
      minimumQuality: config.visit.faceMinimumQuality,
      lenientAfterMs: config.visit.faceSeconds * 1000 * STRICT_SHARE,
      liveness: {
        mode: config.visit.liveness,
        sameFaceScore: sameFaceScore(comparer.faceTable),
        challengeMs: config.visit.livenessSeconds * 1000,
        passiveThreshold:
          models.cards.find(card => card.passiveThreshold !== undefined)?.passiveThreshold ?? null,
      },
    },
    readDocument: signal => takeDocument(readers, CARD_CODES, today(), signal),
    lookUp: (visit, signal) => lookUp(kept, uplink, preparer, visit, signal),
    compare: deciderOf({ comparer, known, attempts, nowMs: () => clock.now().getTime() }),
    submit: async (visit, signal) => {
      const { lookup } = visit;
      const promised = expected(
        { state: lookup.state, onFile: lookup.state === 'found' ? lookup.onFile : null },
        visit.purpose,
      );
      if (visit.purpose === 'register_level_2') checkComplete(visit, config.visit.fingers);
      const sequence = await outbox.nextSequence();
      const audit = await outbox.auditHead();
      const origin = { ...self, sequence, audit, clock: clockTrust(), createdAt: clock.now() };
      const packet = await buildPacket(newId(), visit, promised, origin, tools, signal);
      await outbox.accept({ ...packet, sequence });
      return { packetId: packet.id, handedIn: today() };
    },
    printSlip: slipPrinter(config.devices.printer, expected, printTo, log),
    showFinger: image => screen.showFinger(image),
  };

  const session: Session = starting.use(
    new Session({
      policy: policyOf(config, today),
      clock,
      patience: { stepSeconds: config.screen.stepTimeoutSeconds, warnSeconds: config.screen.warnSeconds },
      perform: (activity, report, signal) => perform(stages, activity, report, signal),
      newVisitId: newId,
      mayWait: () => board.problems.length > 0 || waitsForOfficer(screen.view()),
      refusalToStart: () => gate.refusal ?? (keys.usable ? null : 'keys_unusable'),
      onFailure: (activity, error) => log.error({ activity, err: error }, 'a step of the visit failed'),
    }),
  );
  const screen: LiveScreen = starting.use(
    new LiveScreen({
      session,
      camera,
      devices: board,
      speech: new Speech(config.screen.speechCommand),
      context: {
        languages: OFFERED_LANGUAGES,
        officerDecides: config.officer !== undefined,
        consentText,
        expectedDates: expected,
        grounds: LAW.account.holderGrounds,
        simCheck,
      },
    }),
  );

  if (config.devices.signalLight) {
    const wanted = () =>
      lightSignal(session.state.kind, board.problems.length > 0 || gate.refusal !== null || !keys.usable);
    const open = showing(lightOpener(config.devices.signalLight), wanted);
    const onState = ({ state }: { state: string }) => log.info({ state }, 'signal light');
    const light = starting.use(supervise(open, { signal: devicesEnd.signal, onState }));
    followSignals(light, wanted, [session, board], devicesEnd.signal);
  }

  const visitPauses = starting.use(new VisitPauses());
  const returnMemory = await memoryReturner();
  session.onChange(({ state, previous }) => {
    visitPauses.during(visitOf(state) !== null);
    if (state.kind === 'idle') returnMemory();
    if (state.kind !== previous.kind) log.info({ from: previous.kind, to: state.kind }, 'visit');
    gate.follow(stepOf(state), stepOf(previous));
    const compared = comparedOf(state, previous);
    if (compared) gate.record(compared);
  });
  followReceipts(
    session,
    {
      fateOf: (...of) => uplink.fateOf(...of),
      sleep: clock.sleep,
      onFailure: error => log.warn({ err: error }, 'the delivery cannot be followed'),
    },
    stopping.signal,
  );
  board.onChange(() => void uplink.publishDevices(board.states));

  const server = starting.use(
    await ScreenServer.start({ port: config.screen.port, page: await bundlePage(), source: screen, log }),
  );
  const desk =
    config.officer &&
    starting.use(
      await openDesk(config, log, {
        ...{ session, screen, outbox, devices: board, clock },
        accounts: new AccountRequests({ self, outbox, keys, calendar: config.calendar, clock, newId }),
        refusal: () => gate.refusal ?? (keys.usable ? null : 'keys_unusable'),
      }),
    );
  const pulses = {
    session: session.pulse,
    uplink: uplink.pulse,
    camera_frames: camera.pulse,
    ...board.pulses,
  };
  const records = async () => (kept ? kept.health() : null);
  const observers = starting.use(
    await observe(config, log, { outbox, uplink, models, keys, records, session, devices: board, pulses }),
  );
  keys.watch();
  kept?.start();
  uplink.start();
  const running = starting.move();
  return {
    screen: server.address,
    officer: desk?.address ?? null,
    get visitPauses() {
      return visitPauses.worst;
    },
    pulses: observers.pulses,
    free: signal => session.free(signal),
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Error('the agent stops'));
      gate.record({ event: 'stopped' });
      await running.disposeAsync();
    },
  };
}

/** Whoever waits for an officer is not sent away. */
const waitsForOfficer = ({ officerCalled, view }: ScreenView): boolean =>
  officerCalled || (view.step === 'review' && view.awaitsOfficer);

/** Starts its thread with the first image. */
const imageCodec = (): ImageCodec => new ImageCodec({ deadlineMs: CODEC_DEADLINE_MS });

/** How each configured device is opened; for the agent, and for whoever only wants to look at them or record them. */
export function deviceOpeners(config: Config, tap?: Tap, codec = imageCodec()) {
  return {
    finger_scanner: scannerOpener(scannerSettings(config, codec), tap),
    camera: cameraOpener(definedOnly(config.devices.camera), tap),
    document_reader: readerOpener(config.devices.documentReader, tap),
    ...(config.devices.codeScanner && { code_scanner: readerOpener(config.devices.codeScanner, tap) }),
    ...(config.devices.signalLight && { signal_light: lightOpener(config.devices.signalLight) }),
  };
}

/** What the law asks when the database answered but knows nothing of the person. */
const NOTHING_ON_FILE = { face: false, finger: false };

async function openOutbox(config: Config): Promise<SqliteOutbox> {
  try {
    await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new VantayError('STATE_DIR', `cannot make ${config.stateDir}`, { cause });
  }
  return SqliteOutbox.open({ ...outboxFile(config), clock: systemClock });
}

/** The outbox's file beside a running agent, for the command line. @throws VantayError FILE_UNREADABLE, OutboxError */
export const openOutboxFile = (config: Config): OutboxStore => {
  const { path, limits } = outboxFile(config);
  if (!existsSync(path)) throw new VantayError('FILE_UNREADABLE', `no outbox at ${path}`);
  return new OutboxStore(path, limits, { alone: false });
};

/**
 * The kiosk's keys, tried once.
 * @throws VantayError KEY_UNREADABLE, KeyError KEY_RECIPIENT, PacketError PACKET_KEY, PACKET_CERTIFICATE
 */
export async function openKeys(config: Config, log: Log): Promise<KioskKeys> {
  const { office, kiosk } = config;
  try {
    return await KioskKeys.open({
      files: keyFilesOf(config),
      ...{ ring: keyRing(config), names: { office, kiosk }, clock: systemClock },
      onFindings: findings => {
        for (const code of findings) {
          const { remedy } = entryOf(Object.assign(new Error(), { code }));
          log.warn({ code, remedy }, "this kiosk's keys");
        }
        if (findings.length === 0) log.info("this kiosk's keys are in order");
      },
    });
  } catch (cause) {
    if (!(cause instanceof Error && 'path' in cause)) throw cause;
    throw new VantayError('KEY_UNREADABLE', `cannot read ${cause.path}`, { cause });
  }
}

/** Where the configuration says that the signing keys lie. */
export function keyRing({ keys: { signingKeyFile, pkcs11, tpm2 } }: Config): KeyRing {
  if (pkcs11) return pkcs11Ring(pkcs11);
  return tpm2 ? tpm2Ring(tpm2) : fileRing(signingKeyFile ?? '');
}

function superviseOn<D extends FingerScanner | Camera | DocumentReader>(
  board: DeviceBoard,
  role: DeviceRole,
  open: Open<D>,
  signal: AbortSignal,
): Supervised<D> {
  return supervise(
    async opening => {
      const device = await open(opening);
      board.identify(role, device.identity);
      return device;
    },
    { signal, onState: state => board.set(role, state) },
  );
}
