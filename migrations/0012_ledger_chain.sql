-- What else moves money, and a chain of hashes over the postings: each link holds the hash of the posting before and
-- the posting's own, so that nothing posted can be changed, taken out or put in between without breaking every later
-- link. The database computes the links itself, when the transaction's deferred rules are checked; nobody else may
-- write them.

ALTER TABLE desk.postings
    DROP CONSTRAINT postings_kind_check,
    ADD CONSTRAINT postings_kind_check CHECK (kind IN
        ('opening', 'entry', 'exit', 'settlement', 'reversal', 'deposit', 'withdrawal', 'transfer', 'interest',
         'reserve', 'release', 'adjustment'));

ALTER TABLE desk.posting_lines
    ADD COLUMN subaccount integer,
    DROP CONSTRAINT posting_lines_ledger_check,
    DROP CONSTRAINT posting_lines_check,
    ADD CONSTRAINT posting_lines_ledger_check CHECK (ledger IN
        ('cash', 'reserved', 'transit', 'subaccount', 'position', 'fees', 'result', 'capital', 'interest',
         'adjustment')),
    ADD CONSTRAINT posting_lines_shard CHECK ((ledger IN ('cash', 'reserved')) = (exchange_index IS NOT NULL)),
    ADD CONSTRAINT posting_lines_subaccount CHECK ((ledger = 'subaccount') = (subaccount IS NOT NULL));

CREATE OR REPLACE VIEW desk.ledger_balances AS
    SELECT account, mode, ledger, exchange_index, ticker, side, sum(amount_micros)::bigint AS balance_micros,
        subaccount
    FROM desk.posting_lines
    GROUP BY account, mode, ledger, exchange_index, ticker, side, subaccount;

CREATE TABLE desk.posting_hashes (
    posting bigint PRIMARY KEY REFERENCES desk.postings,
    -- 32 zeros before the first.
    previous bytea NOT NULL UNIQUE CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)
);
CREATE TRIGGER posting_hashes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON desk.posting_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION desk.refuse_change();

-- A text with its length in bytes before it, so that no two postings read the same; a dash where there is none.
CREATE FUNCTION desk.counted(value text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT coalesce(octet_length(value) || ':' || value, '-')
$$;

-- What is hashed of a posting: all of it, and each of its lines on a line of its own.
CREATE FUNCTION desk.posting_text(wanted bigint) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT concat_ws(' ', number, desk.counted(account), desk.counted(mode),
            (extract(epoch FROM at) * 1000000)::bigint, desk.counted(kind), coalesce(trade_id::text, '-'),
            desk.counted(fill_id), desk.counted(note))
        || coalesce((
            SELECT string_agg(chr(10) || concat_ws(' ', line, desk.counted(lines.account), desk.counted(lines.mode),
                desk.counted(ledger), coalesce(exchange_index::text, '-'), coalesce(subaccount::text, '-'),
                desk.counted(ticker), desk.counted(side), amount_micros), '' ORDER BY line)
            FROM desk.posting_lines AS lines WHERE posting = wanted
        ), '')
    FROM desk.postings WHERE number = wanted
$$;

CREATE FUNCTION desk.link_posting(wanted bigint, before bytea) RETURNS bytea
LANGUAGE sql SET search_path = pg_catalog AS $$
    INSERT INTO desk.posting_hashes (posting, previous, hash)
    VALUES (wanted, before, sha256(before || convert_to(desk.posting_text(wanted), 'UTF8')))
    RETURNING hash
$$;

-- Runs as the owner, since no service may write links.
CREATE FUNCTION desk.chain_posting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    IF NEW.number > 1 THEN
        SELECT hash INTO before FROM desk.posting_hashes WHERE posting = NEW.number - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'posting % follows none: there is no posting %', NEW.number, NEW.number - 1
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'postings_chain', SCHEMA = 'desk',
                      TABLE = 'postings';
        END IF;
    END IF;
    PERFORM desk.link_posting(NEW.number, before);
    RETURN NULL;
END
$$;

CREATE FUNCTION desk.refuse_late_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM desk.posting_hashes WHERE posting = NEW.posting) THEN
        RAISE EXCEPTION 'posting % is complete: what else is to be said takes a posting of its own', NEW.posting
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'posting_lines_complete', SCHEMA = 'desk',
                  TABLE = 'posting_lines';
    END IF;
    RETURN NEW;
END
$$;

DO $$
DECLARE
    wanted bigint;
    before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR wanted IN SELECT number FROM desk.postings ORDER BY number LOOP
        before := desk.link_posting(wanted, before);
    END LOOP;
END
$$;

CREATE CONSTRAINT TRIGGER postings_chain AFTER INSERT ON desk.postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION desk.chain_posting();
CREATE TRIGGER posting_lines_complete BEFORE INSERT ON desk.posting_lines
    FOR EACH ROW EXECUTE FUNCTION desk.refuse_late_line();

REVOKE EXECUTE ON FUNCTION desk.link_posting(bigint, bytea) FROM PUBLIC;
GRANT SELECT ON desk.posting_hashes TO rec_main_app, rec_trade_manager, rec_system_monitor;
