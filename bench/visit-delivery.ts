/** From a finished visit to a sealed packet, and on to the backend's signed word, through a real broker. */
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../agent/contract/config.ts';
import { FINGER_POSITIONS } from '../agent/contract/positions.ts';
import { Biometric } from '../agent/ops/biometric.ts';
import { systemClock } from '../agent/ops/clock.ts';
import { createLog } from '../agent/ops/log.ts';
import { SqliteOutbox } from '../agent/outbox/outbox.ts';
import { buildPacket } from '../agent/packet/build.ts';
import { parseCertificates } from '../agent/packet/certificates.ts';
import { ImageCodec } from '../agent/packet/imaging.ts';
import type { SealedMessage } from '../agent/packet/seal.ts';
import { keySigner, recipientFromJwk } from '../agent/packet/signer.ts';
import { uuid7Maker } from '../agent/packet/uuid7.ts';
import type { Compared } from '../agent/session/visit.ts';
import { mqttDial } from '../agent/uplink/dial.ts';
import { Uplink } from '../agent/uplink/uplink.ts';
import { loadFingerModels } from '../models/finger/index.ts';
import { startBackend } from '../sim/backend/backend.ts';
import { startBroker } from '../sim/broker/broker.ts';
import { FINGER_CODES, FingerStudio, simulatedPerson } from '../sim/people/index.ts';
import { makePki } from '../sim/pki/make.ts';
import { serviceKeys } from '../sim/pki/use.ts';
import { liveFrame } from '../sim/world/portrait.ts';
import { noPad } from '../test/fixtures/visit.ts';
import { durations, type Figure, type Progress, timed } from './figures.ts';

const CODEC_DEADLINE_MS = 60_000;
const RECEIPT_DEADLINE_MS = 60_000;
const NAMES = { office: 'hanoi-01', kiosk: 'kiosk-01' };

/** `seal`: ISO records, JPEG 2000, signature, encryption. `seal_and_publish`: also stored durably, sent, and verified. */
export async function deliveryFigures(progress: Progress, packets: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vantay-bench-'));
  try {
    await using stack = new AsyncDisposableStack();
    const pki = await makePki(join(folder, 'keys'), NAMES);
    const broker = stack.use(await startBroker());
    stack.use(
      await startBackend({ broker: { url: broker.url }, keys: serviceKeys(join(folder, 'keys'), 'backend') }),
    );
    const clock = systemClock;
    const newId = uuid7Maker(() => clock.now().getTime());
    const limits = { maxPackets: 1_000, maxBytes: 2 ** 30, maxAgeMs: 86_400_000, minimumFreeBytes: 0 };
    const outbox = stack.use(await SqliteOutbox.open({ path: join(folder, 'outbox.sqlite'), limits, clock }));
    const codec = stack.use(new ImageCodec({ deadlineMs: CODEC_DEADLINE_MS }));
    const text = (path: string) => readFile(path, 'utf8');
    const signer = keySigner(
      createPrivateKey(await text(pki.kiosk.signing.key)),
      parseCertificates(await text(pki.kiosk.signing.chain)),
    );
    const recipient = await recipientFromJwk(await text(pki.backend.encryptionPublic));
    const self = { ...NAMES, boot: await outbox.nextBoot(), agentVersion: 'bench' };
    const mqtt: Config['mqtt'] = { url: broker.url, protocol: 'auto', keepaliveSeconds: 30 };
    const uplink = stack.use(
      new Uplink({
        dial: mqttDial(mqtt),
        outbox,
        self,
        keys: {
          signer,
          trust: { roots: parseCertificates(await text(pki.root.chain)) },
          registry: await recipientFromJwk(await text(pki.registry.encryptionPublic)),
        },
        lookupTimeoutMs: 10_000,
        newId,
        clock,
        log: createLog('error'),
      }),
    );
    uplink.start();
    progress('growing ten fingers');
    const visit = await finishedVisit(newId());
    const { signal } = new AbortController();
    const expected = {
      within3WorkingDays: '2026-11-26',
      within7WorkingDays: null,
      accountDecision: null,
      provisional: false,
    };
    const sealed = async (): Promise<SealedMessage & { sequence: number }> => {
      const sequence = await outbox.nextSequence();
      const origin = {
        ...self,
        sequence,
        clock: 'unknown' as const,
        audit: await outbox.auditHead(),
        createdAt: clock.now(),
      };
      return {
        ...(await buildPacket(newId(), visit, expected, origin, { codec, signer, recipient }, signal)),
        sequence,
      };
    };
    progress(`seal: ${packets} packets`);
    const seal = await timed(packets, sealed, 1);
    progress(`seal and publish: ${packets} packets`);
    const bytes: number[] = [];
    const publish = await timed(
      packets,
      async () => {
        const packet = await sealed();
        bytes.push(packet.container.length);
        await outbox.accept(packet);
        const fate = await uplink.fateOf(packet.id, RECEIPT_DEADLINE_MS, signal);
        if (fate.state !== 'verified') throw new Error(`a packet is ${fate.state}`);
      },
      1,
    );
    return [
      ...durations('seal', seal),
      ...durations('seal_and_publish_to_receipt', publish),
      { id: 'packet_size.max', value: Math.max(...bytes), unit: 'bytes', runs: bytes.length },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A visit of a made-up person, as the session hands it to be sealed: ten prints of the sensor, one frame of the camera. */
async function finishedVisit(id: string): Promise<Compared> {
  await using studio = new FingerStudio();
  const models = await loadFingerModels();
  const person = simulatedPerson(1, studio);
  const quality = { algorithm: 'bench', version: '1', score: 80, components: {} };
  const device = { driver: 'bench', model: 'bench', serial: '1', trust: 'L0' } as const;
  const taken = { quality, attempts: 1, device };
  const fingers = [];
  for (const code of FINGER_CODES) {
    const image = await person.liveImpression(code, 0);
    const { template } = await models.extract(image);
    const sample = new Biometric({ image, template });
    fingers.push({ position: FINGER_POSITIONS[code - 1]!, sample, ...taken });
  }
  const jpeg = await liveFrame(person, 'neutral', 0);
  const identity = {
    surname: person.identity.surname,
    givenNames: person.identity.givenNames,
    birthDate: person.identity.birthDate,
    sex: person.identity.sex,
    nationality: person.identity.nationality,
  };
  const { passport, residenceCard } = person.identity;
  const modality = { outcome: 'not_compared', score: null, threshold: null, fmr: null } as const;
  return {
    id,
    language: 'en',
    comfort: { textPercent: 100, highContrast: false, readAloud: false },
    officerCalled: false,
    warned: false,
    purpose: 'register_level_2',
    represented: false,
    ground: null,
    appointment: null,
    representative: null,
    travelDocument: {
      document: {
        kind: 'travel_document',
        number: passport.number,
        issuer: passport.issuer,
        expires: passport.expires,
      },
      person: identity,
    },
    residenceCard: {
      document: {
        kind: 'temporary_residence_card',
        number: residenceCard.number,
        issuer: residenceCard.issuer,
        expires: residenceCard.expires,
      },
      person: identity,
    },
    consent: {
      textVersion: '1',
      textSha256: 'ab'.repeat(32),
      language: 'en',
      givenAt: new Date().toISOString(),
    },
    form: {
      contact: { mobile: person.identity.mobile, email: person.identity.email },
      simConfirmedBy: 'applicant',
      integrate: [],
    },
    fingers,
    exceptions: [],
    overrides: [],
    face: {
      sample: new Biometric({ jpeg, embeddings: [] }),
      pad: noPad,
      ...taken,
    },
    lookup: { state: 'not_found' },
    decision: {
      outcome: 'no_record',
      reason: 'not_in_database',
      face: modality,
      finger: modality,
      llr: null,
      fingers: [],
      models: [],
    },
  };
}
