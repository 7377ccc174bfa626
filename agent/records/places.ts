/** Where applicants are searched for, from the configuration: the nearest to everybody first. */
import type { Config } from '../contract/config.ts';
import type { Comparer } from './compare.ts';
import type { Known } from './known.ts';
import { type RecordServerOptions, recordServer } from './record-server.ts';

export function placesOf(
  config: Config,
  kept: Known | null,
  uplink: RecordServerOptions['uplink'],
  { models }: Pick<Comparer, 'models'>,
): Known[] {
  const { recordServer: office, records } = config;
  const limitMs = (office?.timeoutSeconds ?? 0) * 1000;
  return [
    ...(office ? [recordServer({ uplink, models, fpir: office.fpir, limitMs })] : []),
    ...(kept && (records?.gallery !== 'off' || records.fingerGallery) ? [kept] : []),
  ];
}
