import { join } from 'node:path';
import { fileRing } from '../../agent/keys/file-ring.ts';
import { provisioningSuite } from '../fixtures/provisioning.ts';

provisioningSuite('a file', async folder => fileRing(join(folder, 'kiosk', 'kiosk.key.pem')));
