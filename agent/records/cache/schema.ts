/** `VREC`, in SQLite's application_id. */
export const APPLICATION_ID = 0x56524543;
/** Version of the tables, in SQLite's user_version. */
export const SCHEMA = 1;

export const TABLES = `
  -- Which file this is: part of what everything in it is bound to. 'wiped' stands here after a wipe.
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  -- Data keys, wrapped; two while rows are being sealed anew.
  CREATE TABLE keys (generation INTEGER PRIMARY KEY, wrapped_by TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT;
  -- How far the synchronisation came and the root over all records, sealed. One row, changed with every commit.
  CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE records (
    row INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    expires_at_ms INTEGER,
    face BLOB
  ) STRICT;
  CREATE INDEX records_generation ON records (generation);
  CREATE INDEX records_expire ON records (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  -- Apart, so that all faces can be read without the rest.
  CREATE TABLE boxes (row INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
  -- What a record is found by, as keyed hashes.
  CREATE TABLE names (name BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (name, row)) STRICT, WITHOUT ROWID;
  CREATE INDEX names_row ON names (row);
`;
