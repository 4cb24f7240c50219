-- What the risk gate was held against, the caps that were lowered at run time, and the peak of equity.

-- A request to open that was admitted: with which caps, how much of each was used, and on what evidence.
CREATE TABLE desk.admissions (
    intent uuid PRIMARY KEY REFERENCES desk.intents DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    decision uuid NOT NULL,
    checks jsonb NOT NULL,
    evidence jsonb NOT NULL
);
CREATE INDEX admissions_at ON desk.admissions (at);

-- The same of the first refusal of a run; empty where it did not come as far as the caps.
ALTER TABLE desk.refusals ADD COLUMN checks jsonb NOT NULL DEFAULT '[]';

-- Caps that the operator lowered while the desk ran; the newest row holds all that are in force, while the
-- configuration's revision is the same.
CREATE TABLE desk.tightenings (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 0),
    caps jsonb NOT NULL,
    reason text NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);

-- The highest equity, from which the drawdown is measured; the newest row counts, while the configuration's revision
-- is the same.
CREATE TABLE desk.equity_peaks (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 0),
    equity_micros bigint NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['admissions', 'tightenings', 'equity_peaks'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON desk.%I '
                'FOR EACH STATEMENT EXECUTE FUNCTION desk.refuse_change()', kept || '_append_only', kept);
    END LOOP;
END
$$;

GRANT SELECT ON desk.admissions, desk.tightenings, desk.equity_peaks TO rec_main_app, rec_trade_manager,
    rec_trade_executor, rec_price_watchdog, rec_db_poller, rec_kalshi_account_sync, rec_kalshi_api_watchdog,
    rec_system_monitor, rec_active_trade_supervisor, rec_cascading_failure_detector, rec_auto_entry_supervisor,
    rec_unified_production_coordinator;
GRANT INSERT ON desk.admissions, desk.tightenings, desk.equity_peaks TO rec_trade_manager;
GRANT USAGE ON SEQUENCE desk.tightenings_id_seq, desk.equity_peaks_id_seq TO rec_trade_manager;
