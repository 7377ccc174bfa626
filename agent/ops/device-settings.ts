/** From the configuration's words to those of the drivers. */
import type { ScannerSettings } from '../../drivers/registry.ts';
import type { Config } from '../contract/config.ts';

type Sbi = Extract<ScannerSettings, { kind: 'sbi' }>;

/** Without a line speed the driver looks for it. */
export function scannerSettings(
  { devices: { fingerScanner } }: Config,
  jpeg2000: Sbi['jpeg2000'],
): ScannerSettings {
  if (fingerScanner.kind === 'sbi') return { ...definedOnly(fingerScanner), jpeg2000 };
  const { baud, ...settings } = fingerScanner;
  return baud === 'auto' ? settings : { ...settings, baud };
}

/** The same object without keys that are undefined, as the drivers' settings want it. */
export const definedOnly = <T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
