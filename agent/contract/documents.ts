import { z } from 'zod';
import { AccountRequest } from './account-request.ts';
import { AuditEntry } from './audit.ts';
import { Config } from './config.ts';
import { ExportList } from './export.ts';
import { IdentifyAnswer, IdentifyRequest } from './identify.ts';
import { OfficerAction, OfficerView } from './officer.ts';
import { openApi } from './openapi.ts';
import { PacketManifest, Receipt } from './packet.ts';
import { RecordAnswer, RecordRequest } from './record.ts';
import { ScreenInput, ScreenView } from './screen.ts';
import { SyncAnswer, SyncNotice, SyncRequest } from './sync.ts';
import { Command, CommandAnswer, DeviceStates, Health, KioskState, TOPIC_ROOT, TOPICS } from './uplink.ts';

type Json = Record<string, unknown>;

const schemas = {
  config: Config,
  packet: PacketManifest,
  'account-request': AccountRequest,
  receipt: Receipt,
  'record-request': RecordRequest,
  'record-answer': RecordAnswer,
  'sync-request': SyncRequest,
  'sync-answer': SyncAnswer,
  'sync-notice': SyncNotice,
  'identify-request': IdentifyRequest,
  'identify-answer': IdentifyAnswer,
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
const bare = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = jsonSchema(schema, 'output');
  return rest;
};
const embedded = (name: keyof typeof schemas): Json => bare(schemas[name]);

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
    identifyRequest: {
      payload: 'identify-request',
      contentType: 'application/vnd.vantay.chunk',
      action: 'send',
      summary: "Chunks of a sealed search at the office's record server",
    },
    identifyAnswer: {
      payload: 'identify-answer',
      contentType: 'application/vnd.vantay.chunk',
      action: 'receive',
      summary: 'Chunks of what it found, sealed',
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
  documents.set('openapi.json', text(openApi(version, bare)));
  documents.set('asyncapi.json', text(asyncApi(version)));
  return documents;
}
