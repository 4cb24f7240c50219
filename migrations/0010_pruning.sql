-- What is only of use for a while goes after a while: market data by whole days, events that were published, and
-- complete readings of the account that the desk has consumed. Nothing else is ever deleted, so these functions run as
-- the owner and no service has the right to delete. Ages are measured against the newest row, since the times of these
-- rows are market time.

CREATE INDEX exchange_reports_sweeps ON desk.exchange_reports (id) WHERE kind = 'sweep';

-- The inbox stays append-only, with this one exception.
DROP TRIGGER exchange_reports_append_only ON desk.exchange_reports;
CREATE TRIGGER exchange_reports_append_only BEFORE UPDATE OR TRUNCATE ON desk.exchange_reports
    FOR EACH STATEMENT EXECUTE FUNCTION desk.refuse_change();
CREATE TRIGGER exchange_reports_kept BEFORE DELETE ON desk.exchange_reports
    FOR EACH ROW WHEN (old.kind <> 'sweep') EXECUTE FUNCTION desk.refuse_change();

CREATE FUNCTION desk.prune_sweeps(keep interval, most bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH newest AS (
        SELECT id, received_at FROM desk.exchange_reports
        WHERE kind = 'sweep' AND id <= (SELECT report FROM desk.cursors)
        ORDER BY id DESC LIMIT 1
    ),
    pruned AS (
        DELETE FROM desk.exchange_reports WHERE id IN (
            SELECT reports.id FROM desk.exchange_reports AS reports, newest
            WHERE reports.kind = 'sweep' AND reports.id < newest.id AND reports.received_at < newest.received_at - keep
            ORDER BY reports.id LIMIT most
        )
        RETURNING id
    )
    SELECT count(*) FROM pruned
$$;

CREATE FUNCTION ops.prune_outbox(keep interval, most bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH pruned AS (
        DELETE FROM ops.outbox WHERE id IN (
            SELECT id FROM ops.outbox
            WHERE published_at IS NOT NULL AND at < (SELECT max(at) FROM ops.outbox) - keep
            ORDER BY id LIMIT most
        )
        RETURNING id
    )
    SELECT count(*) FROM pruned
$$;
CREATE INDEX outbox_at ON ops.outbox (at);

-- Drops the oldest days of market data until `keep` days of each series are left, at most `most` tables at a time.
CREATE FUNCTION market.prune_partitions(keep bigint, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    child text;
    dropped bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('rec market.ensure_partitions'));
    FOR child IN
        SELECT name FROM (
            SELECT tables.relname AS name,
                row_number() OVER (PARTITION BY pg_inherits.inhparent ORDER BY tables.relname DESC) AS age
            FROM pg_inherits
            JOIN pg_class AS tables ON tables.oid = pg_inherits.inhrelid
            WHERE pg_inherits.inhparent IN ('market.ticks'::regclass, 'market.index_prints'::regclass,
                'market.momentum'::regclass, 'market.strike_snapshots'::regclass)
        ) AS days
        WHERE age > keep ORDER BY name LIMIT most
    LOOP
        EXECUTE format('DROP TABLE market.%I', child);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

REVOKE EXECUTE ON FUNCTION desk.prune_sweeps(interval, bigint), ops.prune_outbox(interval, bigint),
    market.prune_partitions(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.prune_sweeps(interval, bigint), ops.prune_outbox(interval, bigint),
    market.prune_partitions(bigint, bigint) TO rec_db_poller;
