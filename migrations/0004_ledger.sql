-- Double entry: each posting's lines sum to zero, and what is posted stays.

CREATE TABLE desk.postings (
    number bigint PRIMARY KEY CHECK (number > 0),
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    kind text NOT NULL
        CHECK (kind IN ('opening', 'entry', 'exit', 'settlement', 'deposit', 'withdrawal', 'adjustment')),
    trade_id bigint REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    fill_id text REFERENCES desk.fills DEFERRABLE INITIALLY DEFERRED,
    note text NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
CREATE INDEX postings_at ON desk.postings (at);
CREATE INDEX postings_trade ON desk.postings (trade_id);

CREATE TABLE desk.posting_lines (
    posting bigint NOT NULL REFERENCES desk.postings,
    line smallint NOT NULL CHECK (line > 0),
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    -- The account of the ledger: cash of a shard, contracts of a market and side, or one of the rest.
    ledger text NOT NULL CHECK (ledger IN ('cash', 'position', 'fees', 'result', 'capital', 'adjustment')),
    exchange_index integer,
    ticker text,
    side text CHECK (side IN ('yes', 'no')),
    amount_micros bigint NOT NULL CHECK (amount_micros <> 0),
    PRIMARY KEY (posting, line),
    CHECK ((ledger = 'cash') = (exchange_index IS NOT NULL)),
    CHECK ((ledger = 'position') = (ticker IS NOT NULL)),
    CHECK ((ledger = 'position') = (side IS NOT NULL))
);

CREATE VIEW desk.ledger_balances AS
    SELECT account, mode, ledger, exchange_index, ticker, side, sum(amount_micros)::bigint AS balance_micros
    FROM desk.posting_lines
    GROUP BY account, mode, ledger, exchange_index, ticker, side;

CREATE FUNCTION desk.posting_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
BEGIN
    SELECT sum(amount_micros) INTO total FROM desk.posting_lines WHERE posting = NEW.posting;
    IF total <> 0 THEN
        RAISE EXCEPTION 'the lines of posting % sum to % micro-dollars instead of zero', NEW.posting, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_lines_balance', SCHEMA = 'desk',
                  TABLE = 'posting_lines';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER posting_lines_balance AFTER INSERT ON desk.posting_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION desk.posting_must_balance();

CREATE FUNCTION desk.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % is refused; correct it with a new row', TG_TABLE_SCHEMA, TG_TABLE_NAME,
        TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', SCHEMA = TG_TABLE_SCHEMA,
              TABLE = TG_TABLE_NAME;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'postings', 'posting_lines', 'fills', 'settlements', 'order_events', 'trade_events', 'commits', 'claims',
        'answers', 'exchange_reports'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON desk.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION desk.refuse_change()',
            name || '_append_only', name
        );
    END LOOP;
END
$$;
