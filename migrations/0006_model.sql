-- Which sets of fingerprints were learned from what; the fingerprints themselves are files.

CREATE TABLE model.fingerprint_sets (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    source text NOT NULL,
    -- Of the files, in hexadecimal; the same set is recorded once.
    checksum text NOT NULL UNIQUE,
    minutes_learned_from bigint NOT NULL CHECK (minutes_learned_from >= 0),
    first_minute timestamptz,
    last_minute timestamptz,
    learned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
