/** `VOBX`, in SQLite's application_id: tells an outbox from any other database. */
export const APPLICATION_ID = 0x564f4258;
/** Version of the tables, in SQLite's user_version. */
export const SCHEMA = 2;

const PACKETS = `
  CREATE TABLE packets (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE,
    manifest_sha256 TEXT NOT NULL,
    container_sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'received', 'verified', 'deleted', 'rejected')),
    attempts INTEGER NOT NULL DEFAULT 0,
    accepted_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    receipt_state TEXT,
    receipt_code TEXT
  ) STRICT;
  CREATE INDEX packets_waiting ON packets (sequence) WHERE state IN ('queued', 'sent', 'received');
  CREATE INDEX packets_verified ON packets (sequence) WHERE state = 'verified';
`;

/** Kept by SQLite itself, so that no path can forget them, and asking for them costs the same with 10,000 packets. */
const USAGE = `
  CREATE TRIGGER held_more AFTER INSERT ON packets BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'held_packets';
    UPDATE counters SET value = value + new.bytes WHERE name = 'held_bytes';
  END;
  CREATE TRIGGER held_less AFTER UPDATE OF state ON packets WHEN new.state = 'deleted' AND old.state <> 'deleted' BEGIN
    UPDATE counters SET value = value - 1 WHERE name = 'held_packets';
    UPDATE counters SET value = value - new.bytes WHERE name = 'held_bytes';
  END;
`;

const JOURNAL = `
  CREATE TABLE audit (entry INTEGER PRIMARY KEY, text TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
  CREATE TRIGGER audit_is_not_altered BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'append-only'); END;
  CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'append-only'); END;
  CREATE TABLE commands (id TEXT PRIMARY KEY, expires_at_ms INTEGER NOT NULL) STRICT;
`;

/** All tables of an empty outbox. */
export const TABLES = `
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO counters VALUES ('boot', 0), ('sequence', 0), ('probe', 0), ('held_packets', 0), ('held_bytes', 0);
  ${PACKETS}
  -- Apart from the metadata, which changes often: SQLite rewrites a whole row, container and all.
  CREATE TABLE containers (id TEXT PRIMARY KEY REFERENCES packets (id), container BLOB NOT NULL) STRICT;
  ${USAGE}
  ${JOURNAL}
`;

/** From version 1, which deleted with the receipt, had no audit chain, and counted what it held anew each time. */
export const FROM_1 = `
  ALTER TABLE containers RENAME TO containers_1;
  ALTER TABLE packets RENAME TO packets_1;
  DROP INDEX packets_undelivered;
  ${PACKETS}
  INSERT INTO packets SELECT id, sequence, manifest_sha256, container_sha256, bytes,
    CASE state WHEN 'verified' THEN 'deleted' ELSE state END,
    attempts, accepted_at_ms, changed_at_ms, receipt_state, receipt_code FROM packets_1;
  CREATE TABLE containers (id TEXT PRIMARY KEY REFERENCES packets (id), container BLOB NOT NULL) STRICT;
  INSERT INTO containers SELECT id, container FROM containers_1;
  DROP TABLE containers_1;
  DROP TABLE packets_1;
  INSERT INTO counters SELECT 'held_packets', count(*) FROM packets WHERE state <> 'deleted';
  INSERT INTO counters SELECT 'held_bytes', coalesce(sum(bytes), 0) FROM packets WHERE state <> 'deleted';
  INSERT INTO counters VALUES ('probe', 0);
  ${USAGE}
  ${JOURNAL}
`;
