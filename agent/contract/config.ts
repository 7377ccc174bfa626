import { z } from 'zod';
import { FingerPosition, LivenessMode, OfficerNumber, TopicName } from './common.ts';
import { FINGER_POSITIONS } from './positions.ts';

const Port = z.int().min(0).max(65535);
const FilePath = z.string().min(1);

const FingerScannerSettings = z.strictObject({
  kind: z.literal('r30x').describe('optical sensor of the R30x / ZFM-20 family'),
  link: z
    .enum(['serial', 'cp2110'])
    .default('serial')
    .describe('what the sensor hangs on: a serial port, or a CP2110 HID-to-UART bridge'),
  path: FilePath.describe('tty of the sensor or hidraw device of its bridge, or usb:VENDOR:PRODUCT[:SERIAL]'),
  baud: z.union([z.literal('auto'), z.int().min(9600).max(115200)]).default('auto'),
  password: z.int().min(0).max(0xffffffff).default(0),
  address: z.int().min(0).max(0xffffffff).default(0xffffffff),
  width: z.int().min(64).max(1024).default(256).describe('image width in pixels'),
  height: z.int().min(64).max(1024).default(288).describe('image height in pixels'),
  ppi: z.number().min(250).max(1000).default(500),
});

const CameraSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mjpeg-http'), url: z.url({ protocol: /^https?$/ }) }),
  z.strictObject({
    kind: z.literal('ffmpeg'),
    input: FilePath.describe('a V4L2 device such as /dev/video0 or usb:VENDOR:PRODUCT[:SERIAL], or a file'),
    format: z.string().optional().describe('ffmpeg input format, e.g. v4l2'),
  }),
]);

const DocumentReaderSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('serial-mrz'),
    path: FilePath.describe('tty of the reader, or usb:VENDOR:PRODUCT[:SERIAL]'),
    baud: z.int().min(1200).max(115200).default(9600),
  }),
  z.strictObject({
    kind: z
      .literal('hid-pos')
      .describe('bar code scanner (HID usage page 8CH) that reads zones out of codes'),
    path: FilePath.describe('hidraw device of the scanner, or usb:VENDOR:PRODUCT[:SERIAL]'),
  }),
]);

const Pkcs11Key = z.strictObject({
  moduleFile: FilePath.describe("the vendor's PKCS #11 module"),
  tokenLabel: z.string().min(1),
  pinFile: FilePath.describe('holds the user PIN; only the agent may read it'),
  keyLabel: z.string().min(1).default('vantay').describe("label of this kiosk's keys on the token"),
});

const Tpm2Key = z.strictObject({
  tcti: z.string().default('device:/dev/tpmrm0').describe('how tpm2-tools reach the TPM'),
  handle: z
    .int()
    .min(0x81000000)
    .max(0x817ffffe)
    .default(0x81020010)
    .describe('first of two persistent handles'),
  authFile: FilePath.optional().describe("holds the keys' authorisation value; only the agent may read it"),
});

const Keys = z
  .strictObject({
    trustRootFile: FilePath.describe('root certificates, PEM; several while roots are exchanged'),
    revokedFile: FilePath.optional().describe(
      'serial numbers of certificates that nobody is to be believed by any more, one a line, as `openssl x509 -serial` prints them',
    ),
    certificateChainFile: FilePath.describe("this kiosk's certificate and its issuers, leaf first, PEM"),
    signingKeyFile: FilePath.optional().describe('PKCS #8 PEM of the signing key (P-256), for development'),
    pkcs11: Pkcs11Key.optional().describe('signing key on a PKCS #11 token'),
    tpm2: Tpm2Key.optional().describe('signing key in a TPM 2.0'),
    backendEncryptionKeyFile: FilePath.describe('public JWK or JWK Set of the issuance backend'),
    registryEncryptionKeyFile: FilePath.describe('public JWK or JWK Set of the immigration registry'),
  })
  .refine(
    ({ signingKeyFile, pkcs11, tpm2 }) =>
      [signingKeyFile, pkcs11, tpm2].filter(place => place !== undefined).length === 1,
    'exactly one of signingKeyFile, pkcs11 and tpm2 is needed',
  );

const PrinterSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('escpos-file'),
    path: FilePath.describe('receipt printer as a device file, e.g. /dev/usb/lp0'),
  }),
  z.strictObject({
    kind: z.literal('escpos-tcp'),
    host: z.string().min(1),
    port: Port.default(9100).describe('receipt printer on the network'),
  }),
  z.strictObject({
    kind: z.literal('pdf-command'),
    command: FilePath.describe('prints a PDF from its standard input, e.g. lp'),
    arguments: z.array(z.string()).default([]),
  }),
]);

const LightPath = FilePath.describe('its hidraw device, or usb:VENDOR:PRODUCT[:SERIAL]');
const SignalLightSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('blink1').describe('blink(1) signal light: ready, capture, error'),
    path: LightPath.default('usb:27b8:01ed'),
  }),
  z.strictObject({
    kind: z
      .literal('busylight')
      .describe('Busylight signal light (27BB:3BCA to 3BCF): ready, capture, error'),
    path: LightPath.default('usb:27bb:3bcd'),
  }),
]);

/** The configuration file (YAML). Each value can be overridden by `VANTAY_` + its path in capitals, levels joined by `__`. */
export const Config = z.strictObject({
  office: TopicName.describe('office as it stands in topics and certificates'),
  kiosk: TopicName.describe('kiosk as it stands in topics and certificates'),
  stateDir: FilePath.describe('folder of the outbox and other state; only the agent may read it'),
  screen: z
    .strictObject({
      port: Port.default(8420).describe('port of the screen on 127.0.0.1; 0 takes any free one'),
      stepTimeoutSeconds: z
        .int()
        .min(10)
        .max(900)
        .default(90)
        .describe('without a touch, a step warns and then ends'),
      warnSeconds: z
        .int()
        .min(5)
        .max(120)
        .default(20)
        .describe('length of the warning before the visit ends'),
      speechCommand: FilePath.default('espeak-ng').describe(
        'synthesiser that reads the steps aloud; without it the page asks the browser for a voice',
      ),
    })
    .prefault({}),
  officer: z
    .strictObject({
      port: Port.default(8421).describe("port of the officer's console on 127.0.0.1; 0 takes any free one"),
      origin: z
        .url({ protocol: /^https$/ })
        .optional()
        .describe(
          'how officers reach it through a proxy with TLS that keeps the Host header; without it http://localhost and the port',
        ),
      idleMinutes: z.int().min(1).max(120).default(10).describe('signed out after so long without an action'),
      shiftHours: z.int().min(1).max(24).default(9).describe('signed out after so long in any case'),
      secondOfficerFor: z
        .array(z.enum(['no_match', 'inconclusive']))
        .default(['no_match'])
        .describe('decisions of the machine that one officer alone cannot override'),
      developmentPins: z
        .array(
          z.strictObject({
            officer: OfficerNumber,
            role: z.enum(['officer', 'supervisor']),
            pin: z.string().min(4).max(64),
          }),
        )
        .default([])
        .describe('sign-in without a passkey, for development only; never in an office'),
    })
    .optional()
    .describe("the officer's console; without it the authority looks at what the machine cannot decide"),
  mqtt: z
    .strictObject({
      url: z.url({ protocol: /^mqtts?$/ }),
      protocol: z
        .enum(['auto', '5', '3.1.1'])
        .default('auto')
        .describe('auto tries 5 and falls back to 3.1.1'),
      keepaliveSeconds: z.int().min(5).max(300).default(30),
      caFile: FilePath.optional().describe(
        'the only authority the broker is believed by; without it any public one is',
      ),
      certificateFile: FilePath.optional(),
      keyFile: FilePath.optional(),
    })
    .refine(mqtt => (mqtt.certificateFile === undefined) === (mqtt.keyFile === undefined), {
      path: ['keyFile'],
      error: 'certificateFile and keyFile belong together',
    }),
  keys: Keys,
  devices: z.strictObject({
    fingerScanner: FingerScannerSettings,
    camera: CameraSettings,
    documentReader: DocumentReaderSettings,
    printer: PrinterSettings.optional(),
    signalLight: SignalLightSettings.optional(),
  }),
  visit: z
    .strictObject({
      fingers: z
        .array(FingerPosition)
        .min(1)
        .max(10)
        .default([...FINGER_POSITIONS])
        .describe('order in which fingers are asked for'),
      fingerAttempts: z.int().min(1).max(10).default(3),
      fingerMinimumQuality: z
        .int()
        .min(0)
        .max(100)
        .default(45)
        .describe('below it advice is given and another attempt asked for'),
      faceMinimumQuality: z.int().min(0).max(100).default(40),
      faceSeconds: z.int().min(2).max(120).default(20).describe('longest search for a good portrait'),
      liveness: LivenessMode.default('record').describe(
        'off asks nothing; record notes the answer to a challenge; enforce makes it a condition of a match',
      ),
      livenessSeconds: z.int().min(2).max(30).default(6).describe('longest wait for one challenge to be met'),
      documentAttempts: z.int().min(1).max(10).default(3),
    })
    .prefault({}),
  models: z
    .strictObject({
      faceProfile: FilePath.optional().describe(
        'profile of other face networks; without it those that come with the agent',
      ),
    })
    .prefault({}),
  comparison: z
    .strictObject({
      fmr: z
        .number()
        .min(1e-6)
        .max(1e-2)
        .default(1e-4)
        .describe('false match rate asked of each modality (NIST SP 800-63B-4: 1:10,000 or better)'),
      lookupTimeoutSeconds: z.number().min(1).max(120).default(15),
    })
    .prefault({}),
  records: z
    .strictObject({
      keyFile: FilePath.describe(
        'key of the kept records, 32 bytes in base64 a line, the current one first; a systemd credential serves',
      ),
      syncMinutes: z
        .number()
        .min(0.1)
        .max(1440)
        .default(15)
        .describe(
          'between two questions to the registry for changes; it can say at once that there are some',
        ),
      rotateDays: z
        .number()
        .min(1)
        .max(730)
        .default(90)
        .describe('age at which the key that seals the records is replaced'),
      fpir: z
        .number()
        .min(1e-6)
        .max(0.5)
        .default(0.01)
        .describe('false positive identification rate asked of a search among all kept records'),
      gallery: z
        .enum(['exact', 'two-stage', 'off'])
        .default('exact')
        .describe('search among all kept faces; two-stage is faster among many, and may miss'),
    })
    .optional()
    .describe(
      'keeps the records that the registry has for this office, sealed; without it each is asked for',
    ),
  outbox: z
    .strictObject({
      maxPackets: z.int().min(1).default(20_000),
      maxMebibytes: z.int().min(8).default(20_480),
      maxAgeHours: z
        .int()
        .min(1)
        .default(720)
        .describe('no new visit while a packet waits longer; the person was promised a date'),
      minimumFreeMebibytes: z
        .int()
        .min(1)
        .default(72)
        .describe('no new visit while the disk of `stateDir` has less; three large packets and 64 MiB'),
    })
    .prefault({}),
  calendar: z
    .strictObject({
      november24IsHoliday: z
        .boolean()
        .default(true)
        .describe('holiday from 2026; the enacting text was not found'),
      extraDaysOff: z.array(z.iso.date()).default([]),
      extraDaysWorked: z.array(z.iso.date()).default([]),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      port: Port.default(9420).describe('port of `GET /metrics` on 127.0.0.1; 0 takes any free one'),
    })
    .optional()
    .describe('figures for Prometheus; without it there are none'),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});
export type Config = z.infer<typeof Config>;
