/** Every error of this room with cause and remedy, for the catalogue. */
export const UPLINK_ERRORS = [
  {
    code: 'UPLINK_UNREACHABLE',
    cause: 'The broker cannot be reached.',
    remedy: 'Check the network and `mqtt.url`; packets wait on the kiosk meanwhile.',
  },
  {
    code: 'UPLINK_TLS',
    cause: 'The broker and the kiosk do not accept each other’s certificates.',
    remedy: 'Check `mqtt.caFile`, `mqtt.certificateFile`, `mqtt.keyFile`, and the clock of the kiosk.',
  },
  {
    code: 'UPLINK_CREDENTIALS',
    cause: 'A TLS file named in the configuration cannot be read, or holds no key or certificate.',
    remedy: 'Check the paths and permissions of the files under `mqtt`.',
  },
  {
    code: 'UPLINK_REFUSED',
    cause: 'The broker refuses this kiosk.',
    remedy: 'Check the broker’s access list for this office and kiosk.',
  },
  {
    code: 'UPLINK_PROTOCOL_VERSION',
    cause: 'The broker speaks none of the MQTT versions the configuration allows.',
    remedy: 'Set `mqtt.protocol` to auto, or use a broker of MQTT 5 or 3.1.1.',
  },
  {
    code: 'UPLINK_TAKEN_OVER',
    cause: 'Another client connected under this kiosk’s name.',
    remedy: 'Find the second machine with the same office and kiosk name and stop it.',
  },
  {
    code: 'UPLINK_UNSTABLE',
    cause:
      'The broker lets this kiosk in and closes the connection again soon after, several times in a row.',
    remedy:
      'Look for a second machine with the same office and kiosk name, and for a broker that restarts or limits connections.',
  },
  {
    code: 'UPLINK_DISCONNECTED',
    cause: 'The connection to the broker was lost.',
    remedy: 'Nothing, if it comes back by itself; else check network and broker.',
  },
  {
    code: 'UPLINK_OFFLINE',
    cause: 'There is no connection to the broker at the moment.',
    remedy: 'Check network and broker; packets wait on the kiosk meanwhile.',
  },
  {
    code: 'UPLINK_TIMEOUT',
    cause: 'The broker did not acknowledge in time.',
    remedy: 'Check the load of broker and network.',
  },
  {
    code: 'UPLINK_MESSAGE_TOO_LARGE',
    cause: 'The broker takes only messages too small for a chunk.',
    remedy: 'Raise the broker’s maximum packet size to at least 4 KiB; 128 KiB is better.',
  },
  {
    code: 'COMMAND_EXPIRED',
    cause: 'A command came after its time, or too long before it.',
    remedy: 'Send it again; check the clocks of backend and kiosk.',
  },
  {
    code: 'COMMAND_REPLAYED',
    cause: 'A command came a second time.',
    remedy: 'Give every command its own id.',
  },
  {
    code: 'RECEIPT_REPLAYED',
    cause: 'A receipt came that had been applied before, or came too late to change anything.',
    remedy:
      'Nothing: a backend repeats receipts when a packet comes twice. Look for a replay if they keep coming.',
  },
  {
    code: 'COMMAND_FAILED',
    cause: 'A command could not be carried out.',
    remedy: 'See the kiosk’s log, then send it again.',
  },
] as const;

export type UplinkErrorCode = (typeof UPLINK_ERRORS)[number]['code'];

/** Something between this kiosk and the broker is wrong. Nothing is lost by it: packets wait in the outbox. */
export class UplinkError extends Error {
  override readonly name = 'UplinkError';
  readonly code: UplinkErrorCode;
  constructor(code: UplinkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
