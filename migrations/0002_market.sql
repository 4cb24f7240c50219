-- What is seen of the market. Series in time are partitioned by day (UTC) of their own time; partitions are made
-- on demand by the writer.

CREATE TABLE market.ticks (
    venue text NOT NULL,
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    price_e6 bigint NOT NULL CHECK (price_e6 > 0)
) PARTITION BY RANGE (observed_at);
CREATE INDEX ticks_observed_at ON market.ticks (observed_at);

CREATE TABLE market.index_prints (
    index_name text NOT NULL,
    stamped_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    value_e6 bigint NOT NULL CHECK (value_e6 > 0),
    PRIMARY KEY (index_name, stamped_at)
) PARTITION BY RANGE (stamped_at);

CREATE TABLE market.momentum (
    at timestamptz NOT NULL,
    score_percent double precision,
    -- Moves over 1, 2, 3, 4, 15 and 30 minutes; null where there was no price that old.
    deltas_percent double precision[] NOT NULL CHECK (array_length(deltas_percent, 1) = 6)
) PARTITION BY RANGE (at);
CREATE INDEX momentum_at ON market.momentum (at);

CREATE TABLE market.strike_snapshots (
    at timestamptz NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX strike_snapshots_event_at ON market.strike_snapshots (event, at);

CREATE TABLE market.markets (
    ticker text PRIMARY KEY,
    event text NOT NULL,
    series text NOT NULL,
    status text NOT NULL,
    open_time timestamptz NOT NULL,
    close_time timestamptz NOT NULL,
    exchange_index integer NOT NULL,
    volume_e2 bigint NOT NULL,
    -- The whole market in the domain's form; the columns above repeat what is searched for.
    body jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (open_time < close_time)
);
CREATE INDEX markets_close_time ON market.markets (close_time);

CREATE FUNCTION market.ensure_partitions(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    parent text;
    child text;
BEGIN
    -- Two writers that find the same day missing make it one after the other.
    PERFORM pg_advisory_xact_lock(hashtext('rec market.ensure_partitions'));
    FOREACH parent IN ARRAY ARRAY['ticks', 'index_prints', 'momentum', 'strike_snapshots'] LOOP
        child := parent || to_char(day, '"_"YYYYMMDD');
        IF to_regclass(format('market.%I', child)) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE market.%I PARTITION OF market.%I FOR VALUES FROM (%L) TO (%L)',
                child, parent, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
            );
        END IF;
    END LOOP;
END
$$;
