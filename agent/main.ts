#!/usr/bin/env node
import { Command } from 'commander';
import { auditVerb } from './cli/audit.ts';
import { configVerb } from './cli/config.ts';
import { devicesVerb } from './cli/devices.ts';
import { doctorVerb } from './cli/doctor.ts';
import { evaluateVerb } from './cli/evaluate.ts';
import { exitWith, silent } from './cli/exit.ts';
import { modelsVerb } from './cli/models.ts';
import { officerVerb } from './cli/officer.ts';
import { outboxVerb } from './cli/outbox.ts';
import { packetVerb } from './cli/packet.ts';
import { provisionVerb } from './cli/provision.ts';
import { recordsVerb } from './cli/records.ts';
import { runVerb } from './cli/run.ts';
import { schemaVerb } from './cli/schema.ts';
import { simulateVerb } from './cli/simulate.ts';
import { VERSION } from './version.ts';

const program = new Command('vantay')
  .description('Biometric edge agent of an immigration-office kiosk')
  .version(VERSION)
  // `devices` and `devices record` have options of one name.
  .enablePositionalOptions();

for (const verb of [
  runVerb,
  doctorVerb,
  devicesVerb,
  configVerb,
  evaluateVerb,
  modelsVerb,
  packetVerb,
  outboxVerb,
  recordsVerb,
  auditVerb,
  officerVerb,
  provisionVerb,
  schemaVerb,
  simulateVerb,
]) {
  program.addCommand(verb());
}

silent(program).parseAsync().catch(exitWith);
