/** What can be wrong with this kiosk's own keys, in the order of ERRORS.md. */
const KEYS = {
  KEY_TOOL_MISSING: {
    cause: 'The program that speaks to the token or the TPM is not installed.',
    remedy:
      'Install it: `apt-get install opensc` for a PKCS #11 token, `apt-get install tpm2-tools` for a TPM.',
  },
  KEY_TOKEN_MISSING: {
    cause: 'The token or the TPM that holds the signing key is not there.',
    remedy:
      'Plug the token in, or check `keys.pkcs11` (module and label) or `keys.tpm2` (tcti); the agent looks again by itself.',
  },
  KEY_PIN_MISSING: {
    cause: 'The file with the PIN of the token, or with the authorisation value of the TPM, cannot be read.',
    remedy: 'Check `keys.pkcs11.pinFile` or `keys.tpm2.authFile`, and that the agent may read it.',
  },
  KEY_PIN_WRONG: {
    cause: 'The token or the TPM refuses the PIN.',
    remedy:
      'Put the right PIN into the PIN file, then restart the agent. It does not try a wrong PIN twice, so that it does not lock the token.',
  },
  KEY_PIN_LOCKED: {
    cause: 'The token or the TPM is locked after too many wrong PINs.',
    remedy:
      'Unlock it with its security officer PIN (TPM: `tpm2_dictionarylockout -c`), then restart the agent.',
  },
  KEY_NOT_FOUND: {
    cause: 'No key here belongs to the certificate.',
    remedy:
      'Install the certificate of the last request (`vantay provision request` shows it), or check which token is plugged in.',
  },
  KEY_BUSY: {
    cause: 'The token or the TPM has no room for another session just now.',
    remedy:
      'Nothing, if it happens once. If often: use the resource manager (`tcti: device:/dev/tpmrm0`), and stop what else uses the token.',
  },
  KEY_TIMEOUT: {
    cause: 'The token or the TPM did not answer in time.',
    remedy: 'Unplug the token for ten seconds; the agent tries again by itself.',
  },
  KEY_FAULT: {
    cause: 'The token or the TPM reports a fault; the message has its own words.',
    remedy: 'Restart the machine; replace the token if the fault stays.',
  },
  KEY_EXPOSED: {
    cause: 'Others than the agent may read the file of a key or a PIN.',
    remedy: 'Let only the agent read it: `chmod 600 FILE`.',
  },
  KEY_IN_FILE: {
    cause: 'The signing key lies in a file: who copies the file can be this kiosk.',
    remedy: 'For development only. On a kiosk use `keys.tpm2` or `keys.pkcs11` and `vantay provision`.',
  },
  KEY_CERTIFICATE_ENDS: {
    cause: "This kiosk's certificate, or one that it depends on, ends within 14 days.",
    remedy:
      '`vantay provision request`, have it signed, `vantay provision install`; the old one serves until then.',
  },
  KEY_CERTIFICATE_ENDED: {
    cause:
      "This kiosk's certificate, or one that it depends on, has ended: no packet would be taken. New visits are refused.",
    remedy:
      '`vantay provision request`, have it signed, `vantay provision install`. What is in the outbox stays there.',
  },
  KEY_CERTIFICATE_REVOKED: {
    cause:
      "This kiosk's certificate, or one that it depends on, was revoked: no packet would be taken. New visits are refused.",
    remedy:
      'Find out why it was. `vantay provision request`, have it signed, `vantay provision install`; or mend `keys.revokedFile` if it is wrong.',
  },
  KEY_CLOCK: {
    cause:
      "The clock stands before the beginning of this kiosk's certificate, so it is wrong. New visits are refused: their dates would be.",
    remedy:
      'Set the clock (`timedatectl`), see that time synchronisation works; replace the battery of the clock.',
  },
  KEY_RECIPIENT: {
    cause: 'None of the keys of the backend or the registry may be used today.',
    remedy:
      '`vantay provision install --backend-key FILE` (or `--registry-key`) with the current public key.',
  },
  KEY_RECIPIENT_ENDS: {
    cause: 'The last key of the backend, the registry or the record server ends within 14 days.',
    remedy:
      '`vantay provision install --backend-key FILE` (or `--registry-key`) with the next public key, or `--record-server-key`.',
  },
  KEY_RECORD_SERVER: {
    cause: "None of the keys of the office's record server may be used today: nobody is searched for there.",
    remedy: '`vantay provision install --record-server-key FILE` with its current public key.',
  },
  KEY_NO_RECORD_SERVER: {
    cause: 'A key of a record server was to be installed, and the configuration has none.',
    remedy: 'Name the file of its key as `recordServer.keyFile`, or leave `--record-server-key` out.',
  },
} as const;

export type KeyErrorCode = keyof typeof KEYS;

export const KEY_ERRORS = Object.entries(KEYS).map(([code, texts]) => ({ code, ...texts }));

/** A failure of the kiosk's own keys. The message never holds a PIN or a key. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;
  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
