/** What somebody between device and agent could try. */
import type { SampleDevice, SbiRequest } from './capture.ts';
import { makeSigner, signed } from './keys.ts';

export type SbiForgery =
  /** One bit of a sample is another, the signature is the old one. */
  | 'altered'
  /** The algorithm "none" of RFC 7518, without a signature. */
  | 'unsigned'
  /** Signed by a key that some other authority vouches for. */
  | 'foreign-chain'
  /** Signed with a certificate that has ended. */
  | 'expired'
  /** The whole answer of an earlier capture. */
  | 'old-answer'
  /** The samples belong to another transaction. */
  | 'other-transaction'
  /** Hashes of the answer before this one. */
  | 'old-hash'
  /** The hash is of other data. */
  | 'wrong-hash'
  /** A true device of the same maker signs, under its own name. */
  | 'other-device'
  /** Another device's name under this one's signature. */
  | 'other-name'
  /** The time of an hour ago. */
  | 'old-time';

interface Biometric {
  data: string;
  hash: string;
}

/** @param honest makes the true answer, of a device that is changed in some way */
export async function forge(
  forgery: SbiForgery | undefined,
  asked: SbiRequest,
  { keys, digitalId }: SampleDevice,
  lastAnswer: string,
  honest: (changes: Partial<SampleDevice>) => Promise<object>,
): Promise<object> {
  const changed = async (change: (biometric: Biometric) => void, changes: Partial<SampleDevice> = {}) => {
    const answer = (await honest(changes)) as { biometrics: Biometric[] };
    change(answer.biometrics[0]!);
    return answer;
  };
  const before = () => (JSON.parse(lastAnswer) as { biometrics: Biometric[] }).biometrics[0]!;
  switch (forgery) {
    case 'altered':
      return changed(biometric => {
        const [header, payload, signature] = biometric.data.split('.');
        const told = JSON.parse(Buffer.from(payload!, 'base64url').toString());
        const bioValue = Buffer.from(told.bioValue, 'base64url');
        bioValue[bioValue.length - 20]! ^= 1;
        const forged = { ...told, bioValue: bioValue.toString('base64url') };
        biometric.data = [header, base64url(forged), signature].join('.');
      });
    case 'unsigned':
      return changed(biometric => {
        const [header, payload] = biometric.data.split('.');
        const told = JSON.parse(Buffer.from(header!, 'base64url').toString());
        biometric.data = `${base64url({ ...told, alg: 'none' })}.${payload}.`;
      });
    case 'foreign-chain': {
      const device = await makeSigner(
        'device',
        await makeSigner('provider', await makeSigner('authority', null)),
      );
      return honest({ keys: { ...keys, device } });
    }
    case 'expired':
      return honest({ keys: { ...keys, device: await makeSigner('device', keys.provider, -1) } });
    case 'old-answer':
      return JSON.parse(lastAnswer) as object;
    case 'other-transaction':
      return honest({ transactionId: `${asked.transactionId?.slice(0, -1)}x` });
    case 'old-hash':
      return changed(biometric => {
        biometric.hash = before().hash;
      });
    case 'wrong-hash':
      return changed(biometric => {
        biometric.hash = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855';
      });
    case 'other-device': {
      const device = await makeSigner('device', keys.provider);
      return honest({
        keys: { ...keys, device, identity: device },
        digitalId: { ...digitalId, serialNo: 'OTHER0000001' },
      });
    }
    case 'other-name':
      return changed(biometric => {
        const told = JSON.parse(Buffer.from(biometric.data.split('.')[1]!, 'base64url').toString());
        const other = signed({ ...digitalId, serialNo: 'OTHER0000001' }, keys.identity);
        biometric.data = signed({ ...told, digitalId: other }, keys.device);
      });
    case 'old-time':
      return honest({ timestamp: `${new Date(Date.now() - 3_600_000).toISOString().slice(0, 19)}Z` });
    default:
      return honest({});
  }
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
