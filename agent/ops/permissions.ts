/** Who may read what only the agent may. */
import { stat } from 'node:fs/promises';
import type { Config } from '../contract/config.ts';
import { VantayError } from './errors.ts';

/** Rights of group and others (chmod(2)). */
const ANYBODY_ELSE = 0o077;
const OTHERS_WRITE = 0o022;

/** Files and folders that hold secrets, as far as the configuration names any. */
function secrets({ stateDir, keys, mqtt }: Config): string[] {
  const files = [keys.signingKeyFile, keys.pkcs11?.pinFile, keys.tpm2?.authFile, mqtt.keyFile];
  return [stateDir, ...files.filter(file => file !== undefined)];
}

/**
 * @param file the configuration's own
 * @throws VantayError FILES_OPEN naming each; errors of the system where one cannot be looked at
 */
export async function lookAtPermissions(config: Config, file: string): Promise<string> {
  const mode = async (path: string) => (await stat(path)).mode;
  const open: string[] = [];
  const looked = secrets(config);
  for (const path of looked) if ((await mode(path)) & ANYBODY_ELSE) open.push(path);
  // Whoever writes it decides whom the agent believes.
  if ((await mode(file)) & OTHERS_WRITE) open.push(file);
  if (open.length > 0)
    throw new VantayError('FILES_OPEN', `open to others than the agent: ${open.join(', ')}`);
  return `${looked.length + 1} looked at, none open to others`;
}
