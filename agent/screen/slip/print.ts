/** From a receipt on the screen to one on paper. A slip that fails is told of on the screen, and costs nobody the visit. */
import type { Config } from '../../contract/config.ts';
import type { Log } from '../../ops/log.ts';
import type { Stages } from '../../session/perform.ts';
import type { ViewContext } from '../../session/view.ts';
import { slipOf } from '../receipt.ts';
import { speaker } from '../text.ts';
import { renderSlip } from './render.ts';

type Printer = NonNullable<Config['devices']['printer']>;

/** @param print sends what was drawn; throws when the printer does not take it */
export function slipPrinter(
  printer: Printer | undefined,
  expectedDates: ViewContext['expectedDates'],
  print: (printer: Printer, bytes: Uint8Array, signal: AbortSignal) => Promise<void>,
  log: Log,
): Stages['printSlip'] {
  return async ({ visit, packetId, handedIn, officerNeeded, lookup }, signal) => {
    if (!printer) return false;
    const { language, purpose } = visit;
    const receipt = { packetId, handedIn, officerNeeded, expected: expectedDates(lookup, purpose) };
    const slip = slipOf(receipt, language, purpose, speaker(language));
    try {
      const format = printer.kind === 'pdf-command' ? 'pdf' : 'escpos';
      await print(printer, await renderSlip(format, slip, signal), signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error }, 'the slip was not printed');
      return false;
    }
  };
}
