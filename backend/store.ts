import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** One accepted packet, still sealed: what the backend keeps at rest is as unreadable as what travelled. */
export interface StoredPacket {
  readonly packetId: string;
  readonly office: string;
  readonly kiosk: string;
  readonly boot: number;
  readonly sequence: number;
  readonly manifestSha256: string;
  readonly containerSha256: string;
  /** Length of the container, bytes. */
  readonly bytes: number;
  /** RFC 3339. */
  readonly acceptedAt: string;
}

const CREATE = `
  CREATE TABLE IF NOT EXISTS packets (
    packetId TEXT PRIMARY KEY, office TEXT NOT NULL, kiosk TEXT NOT NULL, boot INTEGER NOT NULL,
    sequence INTEGER NOT NULL, manifestSha256 TEXT NOT NULL, containerSha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    acceptedAt TEXT NOT NULL, container BLOB, UNIQUE (office, kiosk, sequence)
  ) STRICT`;
const COLUMNS = 'packetId, office, kiosk, boot, sequence, manifestSha256, containerSha256, bytes, acceptedAt';

/** What a backend has to remember of packets. A database of its own can take the place of {@link PacketStore}. */
export interface PacketMemory {
  find(packetId: string): StoredPacket | null;
  /** Whether a kiosk already used this sequence number. */
  hasSequence(office: string, kiosk: string, sequence: number): boolean;
  /** Highest sequence number accepted of a kiosk; 0 when there is none. */
  highestSequence(office: string, kiosk: string): number;
  /** Keeps a packet; must be durable on return, for the kiosk deletes it after the receipt. */
  add(packet: StoredPacket, container: Uint8Array | null): void;
}

/** The memory in one SQLite file: an `add` that returned survives a power cut. */
export class PacketStore implements PacketMemory, Disposable {
  readonly #database: DatabaseSync;
  readonly #byId: StatementSync;
  readonly #container: StatementSync;
  readonly #insert: StatementSync;
  readonly #highest: StatementSync;
  readonly #bySequence: StatementSync;
  readonly #count: StatementSync;

  /** @param path a file, or `:memory:` */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    this.#database.exec(CREATE);
    this.#byId = this.#database.prepare(`SELECT ${COLUMNS} FROM packets WHERE packetId = ?`);
    this.#container = this.#database.prepare('SELECT container FROM packets WHERE packetId = ?');
    this.#insert = this.#database.prepare(
      `INSERT INTO packets (${COLUMNS}, container) VALUES (?,?,?,?,?,?,?,?,?,?)`,
    );
    this.#highest = this.#database.prepare(
      'SELECT max(sequence) AS value FROM packets WHERE office = ? AND kiosk = ?',
    );
    this.#bySequence = this.#database.prepare(
      'SELECT 1 AS value FROM packets WHERE office = ? AND kiosk = ? AND sequence = ?',
    );
    this.#count = this.#database.prepare('SELECT count(*) AS value FROM packets');
  }

  find(packetId: string): StoredPacket | null {
    return (this.#byId.get(packetId) as unknown as StoredPacket | undefined) ?? null;
  }

  /** In the order in which they were accepted. */
  all(): StoredPacket[] {
    const rows = this.#database.prepare(`SELECT ${COLUMNS} FROM packets ORDER BY rowid`).all();
    return rows as unknown as StoredPacket[];
  }

  /** The sealed bytes; null when they were not kept. */
  container(packetId: string): Uint8Array | null {
    const row = this.#container.get(packetId) as { container: Uint8Array | null } | undefined;
    return row?.container ?? null;
  }

  hasSequence(office: string, kiosk: string, sequence: number): boolean {
    return this.#bySequence.get(office, kiosk, sequence) !== undefined;
  }

  highestSequence(office: string, kiosk: string): number {
    return numberIn(this.#highest.get(office, kiosk));
  }

  count(): number {
    return numberIn(this.#count.get());
  }

  add(packet: StoredPacket, container: Uint8Array | null): void {
    const { packetId, office, kiosk, boot, sequence, manifestSha256, containerSha256, bytes, acceptedAt } =
      packet;
    this.#insert.run(
      packetId,
      office,
      kiosk,
      boot,
      sequence,
      manifestSha256,
      containerSha256,
      bytes,
      acceptedAt,
      container,
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const numberIn = (row: unknown): number => (row as { value: number | null } | undefined)?.value ?? 0;
