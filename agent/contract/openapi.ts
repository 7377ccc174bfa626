/** The local web API in words for machines: the applicant's page, and the officer's desk on its origin. */
import type { z } from 'zod';
import {
  AuditPage,
  Figures,
  Invited,
  OfficerAction,
  OfficerView,
  OutboxPage,
  Proof,
  SignedIn,
} from './officer.ts';
import { ApiError, ScreenInput, ScreenView } from './screen.ts';

type Json = Record<string, unknown>;
type ToJson = (schema: z.ZodType) => Json;

/** @param version version of the package @param schemaOf JSON Schema for embedding */
export function openApi(version: string, schemaOf: ToJson): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vantay screen API',
      version,
      description:
        'Local APIs, on 127.0.0.1 only. /api/: the kiosk page; the cookie set by GET / is required. /officer/api/: the desk, on ' +
        'an origin of its own; the cookie of the sign-in is required, and x-vantay-token with whatever changes something.',
    },
    paths: { ...screenPaths(schemaOf), ...deskPaths(schemaOf) },
  };
}

const answers = (schemaOf: ToJson) => {
  const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema: schemaOf(schema) } } });
  return {
    json,
    ok: (description: string, schema: z.ZodType) => ({ description, ...json(schema) }),
    refused: (description: string) => ({ description, ...json(ApiError) }),
    body: (schema: z.ZodType) => ({ required: true, ...json(schema) }),
    events: {
      description: 'event stream',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
  };
};

function screenPaths(schemaOf: ToJson): Json {
  const { ok, refused, body, events } = answers(schemaOf);
  return {
    '/api/view': {
      get: {
        summary: 'What the page shows now',
        responses: { 200: ok('the view', ScreenView) },
      },
    },
    '/api/events': {
      get: {
        summary: 'Server-sent events: one `view` event, whole, on every change',
        responses: { 200: events },
      },
    },
    '/api/input': {
      post: {
        summary: 'One touch of the applicant or officer',
        requestBody: body(ScreenInput),
        responses: {
          200: ok('taken; the view after it', ScreenView),
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
  };
}

/** Everything but the sign-in answers 401 to whoever is not signed in. */
function deskPaths(schemaOf: ToJson): Json {
  const { ok, refused, body, events } = answers(schemaOf);
  const api = (path: string) => `/officer/api/${path}`;
  const away = { 401: refused('nobody is signed in') };
  const picture = (summary: string, description: string) => ({
    get: { summary, responses: { 200: { description }, ...away, 404: refused('no picture now') } },
  });
  const page = (summary: string, schema: z.ZodType) => ({
    get: { summary, responses: { 200: ok('the page', schema), ...away } },
  });
  const options = {
    description: 'WebAuthn options, as PublicKeyCredential.parse...OptionsFromJSON takes them',
  };
  const query = (name: string, description: string, type = 'string', required = false) => ({
    ...{ name, in: 'query', required, description },
    schema: { type },
  });
  return {
    [api('sign-in')]: {
      get: {
        summary: 'Who is signed in (null: nobody), and whether PINs are possible (development only)',
        responses: { 200: { description: '{ signedIn, pins }' } },
      },
      post: {
        summary: 'Signs in; sets the cookie',
        requestBody: body(Proof),
        responses: {
          200: ok('who is signed in, with the token of the page', SignedIn),
          401: refused('this shows nobody who may sign in'),
          429: refused('too many wrong sign-ins'),
        },
      },
    },
    [api('sign-in/passkey-options')]: {
      post: { summary: 'What a browser needs to ask for a passkey', responses: { 200: options } },
    },
    [api('sign-in/invitation-options')]: {
      post: {
        summary: 'What a browser needs to make a passkey',
        requestBody: body(Invited),
        responses: { 200: options, 401: refused('the code invites nobody') },
      },
    },
    [api('sign-out')]: {
      post: {
        summary: 'Signs out',
        responses: { 200: { description: 'nothing of the sign-in is left' }, ...away },
      },
    },
    [api('events')]: {
      get: {
        summary: 'Server-sent events: one `view` event, whole, on every change',
        responses: { 200: events, ...away },
      },
    },
    [api('act')]: {
      post: {
        summary: 'What an officer does; in the audit chain before it is done',
        requestBody: body(OfficerAction),
        responses: {
          200: ok('done; the view after it', OfficerView),
          400: refused('not a valid action'),
          ...away,
          403: refused('not from the page of the desk, or a role that may not'),
          409: refused('does not fit now, or another officer has to agree; nothing changed'),
        },
      },
    },
    [api('preview.mjpeg')]: picture('Camera preview', 'multipart/x-mixed-replace of JPEG frames'),
    [api('finger.png')]: picture('The finger image last taken in this visit', 'PNG'),
    [api('face/taken.jpg')]: picture('The portrait taken, while a case is open', 'JPEG'),
    [api('face/record.jpg')]: picture('The portrait of the record, while a case is open', 'JPEG'),
    [api('face/candidate.jpg')]: {
      get: {
        ...picture('The portrait of another record that may be the same person, while a case is open', 'JPEG')
          .get,
        parameters: [query('index', 'place among the candidates, from 0', 'integer', true)],
      },
    },
    [api('outbox')]: page('Packets that are not delivered', OutboxPage),
    [api('figures')]: page("The day's figures", Figures),
    [api('audit')]: {
      get: {
        summary: 'Entries of the audit chain, newest first',
        parameters: [
          query('text', 'what an entry has to hold'),
          query('before', 'index after which the last page ended', 'integer'),
        ],
        responses: { 200: ok('the page', AuditPage), ...away },
      },
    },
  };
}
