/** The simulator's command line: whole kiosks, single visits, and each part as a process of its own. */
import { Command, CommanderError } from 'commander';
import { SimulatorError } from './errors.ts';
import { keepKiosk } from './kiosk.ts';
import { backendPart } from './parts/backend.ts';
import { brokerPart } from './parts/broker.ts';
import { cameraPart } from './parts/camera.ts';
import { pkiPart } from './parts/pki.ts';
import { readerPart } from './parts/reader.ts';
import { registryPart } from './parts/registry.ts';
import { replayPart } from './parts/replay.ts';
import { sensorPart } from './parts/sensor.ts';
import { usbPart } from './parts/usb.ts';
import { personScenario, play } from './play.ts';
import { complain, playedText, stageLine } from './print.ts';
import { SCENARIOS } from './scenarios/index.ts';

const PARTS: Readonly<Record<string, (argv: readonly string[]) => Promise<unknown>>> = {
  sensor: sensorPart,
  camera: cameraPart,
  reader: readerPart,
  broker: brokerPart,
  registry: registryPart,
  backend: backendPart,
  pki: pkiPart,
  replay: replayPart,
  usb: usbPart,
};

const interrupted = new AbortController();

const scenarioNames = SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join('\n');

const visitCommand = new Command('visit')
  .description('serve one applicant from passport to receipt without hands')
  .option('--scenario <name>', 'the story to play', 'happy')
  .option('--person <folder>', 'a person whose images are files: FOLDER/face/*, FOLDER/finger/<position>/*')
  .option('--claims <folder>', 'whose papers that person shows; their own without it')
  .option('--keep <folder>', 'keep keys, logs and state in this folder')
  .option('--json', 'print one JSON object')
  .addHelpText('after', `\nScenarios:\n${scenarioNames}`)
  .action(
    async (options: {
      scenario: string;
      person?: string;
      claims?: string;
      keep?: string;
      json?: boolean;
    }) => {
      const scenario = options.person
        ? await personScenario(options.person, options.claims)
        : named(options.scenario);
      const say = (line: string) => options.json || process.stdout.write(`${line}\n`);
      say(`${scenario.name}: ${scenario.summary}`);
      const played = await play({
        scenario,
        signal: interrupted.signal,
        ...(options.keep ? { folder: options.keep } : {}),
        onReady: screen => say(`kiosk at ${screen}`),
        onStageEnd: stage => say(stageLine(stage)),
      });
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ ...played.result, expected: played.complaint === null, complaint: played.complaint })}\n`,
        );
      else say(playedText(played));
      if (played.complaint) process.exitCode = 1;
    },
  );

function named(name: string) {
  const scenario = SCENARIOS.find(candidate => candidate.name === name);
  if (scenario) return scenario;
  const names = SCENARIOS.map(candidate => candidate.name).join(', ');
  throw new SimulatorError('SCENARIO_UNKNOWN', `there is no scenario "${name}"`, `Choose one of: ${names}.`);
}

const program = new Command('vantay simulate')
  .description('simulated hardware, registry, backend and broker on real wires')
  .addCommand(visitCommand)
  .addCommand(
    new Command('kiosk')
      .description('a complete kiosk to touch: people come one after the other')
      .option('--port <number>', 'port of the screen', '8420')
      .option('--folder <folder>', 'keys, logs and state', '.state/kiosk')
      .action((options: { port: string; folder: string }) =>
        keepKiosk({ screenPort: Number(options.port), folder: options.folder }, interrupted.signal),
      ),
  );
for (const [name, part] of Object.entries(PARTS)) {
  program.addCommand(
    new Command(name)
      .description(`the ${name} alone, as its own process`)
      .argument('[options...]')
      .allowUnknownOption()
      .action(async () => void (await part(process.argv.slice(3)))),
  );
}

for (const command of [program, ...program.commands]) {
  command.exitOverride().configureOutput({ outputError: () => {} });
}

const partGiven = PARTS[process.argv[2] ?? ''] !== undefined;
if (!partGiven) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      interrupted.abort(new SimulatorError('INTERRUPTED', 'interrupted', 'Nothing to mend.')),
    );
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) {
      const help = new SimulatorError(
        'USAGE',
        error.code === 'commander.help' ? 'a word is missing' : error.message.replace(/^error: /, ''),
        'See `vantay simulate --help`.',
      );
      process.exitCode = complain(help, process.argv.includes('--json'));
    }
  } else process.exitCode = complain(error, process.argv.includes('--json'));
}
