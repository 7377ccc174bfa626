import { parentPort, workerData } from 'node:worker_threads';
import type { Slip } from '../receipt.ts';
import { escposSlip } from './escpos.ts';
import { pdfSlip } from './pdf.ts';
import type { SlipFormat } from './render.ts';

const { format, slip } = workerData as { format: SlipFormat; slip: Slip };
parentPort?.postMessage(await (format === 'pdf' ? pdfSlip(slip) : escposSlip(slip)));
