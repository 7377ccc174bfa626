import { z } from 'zod';
import { AuditEntry } from './audit.ts';
import { Config } from './config.ts';
import { ExportList } from './export.ts';
import { OfficerAction, OfficerView } from './officer.ts';
import { PacketManifest, Receipt } from './packet.ts';
import { RecordAnswer, RecordRequest } from './record.ts';
import { ApiError, ScreenInput, ScreenView } from './screen.ts';
import { SyncAnswer, SyncNotice, SyncRequest } from './sync.ts';
import { Command, CommandAnswer, DeviceStates, Health, KioskState, TOPIC_ROOT, TOPICS } from './uplink.ts';

type Json = Record<string, unknown>;

const schemas = {
  config: Config,
  packet: PacketManifest,
  receipt: Receipt,
  'record-request': RecordRequest,
  'record-answer': RecordAnswer,
  'sync-request': SyncRequest,
  'sync-answer': SyncAnswer,
  'sync-notice': SyncNotice,
  state: KioskState,
  devices: DeviceStates,
  health: Health,
  'audit-entry': AuditEntry,
  export: ExportList,
  command: Command,
  'command-answer': CommandAnswer,
  'screen-view': ScreenView,
  'screen-input': ScreenInput,
  'officer-view': OfficerView,
  'officer-action': OfficerAction,
} as const;

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io }) as Json;

/** The configuration is documented as it is written (defaults may be left out), messages as they are sent. */
const schemaOf = (name: keyof typeof schemas): Json =>
  jsonSchema(schemas[name], name === 'config' ? 'input' : 'output');

/** Without the `$schema` line, for embedding in another document. */
const embedded = (name: keyof typeof schemas): Json => {
  const { $schema: _, ...rest } = schemaOf(name);
  return rest;
};

function openApi(version: string): Json {
  const json = (schema: Json) => ({ content: { 'application/json': { schema } } });
  const { $schema: _, ...apiError } = jsonSchema(ApiError, 'output');
  const refused = (description: string) => ({ description, ...json(apiError) });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vantay screen API',
      version,
      description: 'Local API of the kiosk page, on 127.0.0.1 only. The cookie set by GET / is required.',
    },
    paths: {
      '/api/view': {
        get: {
          summary: 'What the page shows now',
          responses: { 200: { description: 'the view', ...json(embedded('screen-view')) } },
        },
      },
      '/api/events': {
        get: {
          summary: 'Server-sent events: one `view` event, whole, on every change',
          responses: {
            200: {
              description: 'event stream',
              content: { 'text/event-stream': { schema: { type: 'string' } } },
            },
          },
        },
      },
      '/api/input': {
        post: {
          summary: 'One touch of the applicant or officer',
          requestBody: { required: true, ...json(embedded('screen-input')) },
          responses: {
            200: { description: 'taken; the view after it', ...json(embedded('screen-view')) },
            400: refused('not a valid input'),
            403: refused('not from the kiosk page'),
            409: refused('not expected at this step; nothing changed'),
            429: refused('too many requests at once'),
          },
        },
      },
      '/api/preview.mjpeg': {
        get: {
          summary: 'Camera preview',
          responses: { 200: { description: 'multipart/x-mixed-replace of JPEG frames' } },
        },
      },
      '/api/speech.wav': {
        get: {
          summary: 'The step of the moment, read aloud in the language of the visit',
          responses: { 200: { description: 'WAV' }, 404: refused('no voice on this system') },
        },
      },
      '/api/finger.png': {
        get: {
          summary: 'The finger image last taken in this visit',
          responses: { 200: { description: 'PNG' }, 404: refused('no image now') },
        },
      },
    },
  };
}

function asyncApi(version: string): Json {
  const messages: Record<
    keyof typeof TOPICS,
    { payload: keyof typeof schemas; contentType: string; action: 'send' | 'receive'; summary: string }
  > = {
    state: {
      payload: 'state',
      contentType: 'application/json',
      action: 'send',
      summary: 'Retained; last will says offline',
    },
    devices: { payload: 'devices', contentType: 'application/json', action: 'send', summary: 'Retained' },
    health: { payload: 'health', contentType: 'application/json', action: 'send', summary: 'Once a minute' },
    packet: {
      payload: 'packet',
      contentType: 'application/vnd.vantay.chunk',
      action: 'send',
      summary: 'Chunks of a sealed packet; the schema is that of its manifest',
    },
    receipt: {
      payload: 'receipt',
      contentType: 'application/jose',
      action: 'receive',
      summary: 'Compact JWS of the backend',
    },
    recordRequest: {
      payload: 'record-request',
      contentType: 'application/vnd.vantay.chunk',
      action: 'send',
      summary: 'Chunks of a sealed request',
    },
    recordAnswer: {
      payload: 'record-answer',
      contentType: 'application/vnd.vantay.chunk',
      action: 'receive',
      summary: 'Chunks of a sealed answer',
    },
    syncRequest: {
      payload: 'sync-request',
      contentType: 'application/vnd.vantay.chunk',
      action: 'send',
      summary: 'Chunks of a sealed request for changes of the kept records',
    },
    syncAnswer: {
      payload: 'sync-answer',
      contentType: 'application/vnd.vantay.chunk',
      action: 'receive',
      summary: 'Chunks of a sealed page of changes',
    },
    syncNotice: {
      payload: 'sync-notice',
      contentType: 'application/json',
      action: 'receive',
      summary: 'There are changes to ask for',
    },
    command: {
      payload: 'command',
      contentType: 'application/jose',
      action: 'receive',
      summary: 'Compact JWS of the backend',
    },
    commandAnswer: {
      payload: 'command-answer',
      contentType: 'application/json',
      action: 'send',
      summary: 'Answer to a command',
    },
  };
  const names = Object.keys(TOPICS) as (keyof typeof TOPICS)[];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Vantay uplink',
      version,
      description: 'MQTT 5 or 3.1.1, QoS 1. Container, chunks and signatures: agent/packet/README.md.',
    },
    channels: Object.fromEntries(
      names.map(name => [
        name,
        {
          address: `${TOPIC_ROOT}/{office}/{kiosk}/${TOPICS[name]}`,
          parameters: { office: {}, kiosk: {} },
          messages: {
            [name]: {
              contentType: messages[name].contentType,
              summary: messages[name].summary,
              payload: embedded(messages[name].payload),
            },
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      names.map(name => [name, { action: messages[name].action, channel: { $ref: `#/channels/${name}` } }]),
    ),
  };
}

/**
 * Every document generated from the contract: file name -> text, as committed in `agent/contract/generated/`.
 * @param version version of the package, for the documents' heads
 */
export function contractDocuments(version: string): Map<string, string> {
  const text = (value: Json) => `${JSON.stringify(value, null, 2)}\n`;
  const documents = new Map<string, string>();
  for (const name of Object.keys(schemas) as (keyof typeof schemas)[])
    documents.set(`${name}.schema.json`, text(schemaOf(name)));
  documents.set('openapi.json', text(openApi(version)));
  documents.set('asyncapi.json', text(asyncApi(version)));
  return documents;
}
