-- What each service may do. Everything that is not named here is refused.

DO $$
DECLARE
    everyone constant text := 'rec_main_app, rec_trade_manager, rec_trade_executor, rec_price_watchdog, '
        'rec_db_poller, rec_kalshi_account_sync, rec_kalshi_api_watchdog, rec_system_monitor, '
        'rec_active_trade_supervisor, rec_cascading_failure_detector, rec_auto_entry_supervisor, '
        'rec_unified_production_coordinator';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA market, desk, model, ops TO %s', everyone);
    -- To see whether the schema is the one that the program knows.
    EXECUTE format('GRANT SELECT ON _sqlx_migrations TO %s', everyone);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA market, desk, model TO %s', everyone);
    EXECUTE format('GRANT SELECT ON ops.health, ops.alerts, ops.outbox TO %s', everyone);
END
$$;

-- The desk: facts are only added, the rest may change, nothing is deleted.
GRANT INSERT ON desk.identity, desk.commits, desk.trades, desk.trade_events, desk.intents, desk.orders,
    desk.order_events, desk.fills, desk.parked_fills, desk.parked_settlements, desk.settlements, desk.postings,
    desk.posting_lines, desk.halts, desk.halt_events, desk.order_groups, desk.automation, desk.decisions,
    desk.refusals, desk.reconciliations TO rec_trade_manager;
GRANT UPDATE ON desk.lease, desk.cursors, desk.trades, desk.orders, desk.parked_fills, desk.parked_settlements,
    desk.halts, desk.order_groups, desk.refusals TO rec_trade_manager;
GRANT INSERT ON ops.outbox, ops.audit TO rec_trade_manager;
GRANT USAGE ON SEQUENCE desk.trade_events_id_seq, desk.order_events_id_seq, desk.settlements_id_seq,
    desk.halts_id_seq, desk.halt_events_id_seq, desk.order_groups_id_seq, desk.automation_id_seq,
    desk.refusals_id_seq, desk.reconciliations_id_seq, ops.outbox_id_seq, ops.audit_id_seq TO rec_trade_manager;

-- The executor claims and answers. The column lets it lock the lease and changes nothing.
GRANT INSERT ON desk.claims, desk.answers TO rec_trade_executor;
GRANT UPDATE (fence) ON desk.lease TO rec_trade_executor;
GRANT USAGE ON SEQUENCE desk.answers_id_seq TO rec_trade_executor;

GRANT INSERT ON desk.exchange_reports TO rec_kalshi_account_sync;
GRANT USAGE ON SEQUENCE desk.exchange_reports_id_seq TO rec_kalshi_account_sync;

-- Market data. Partitions are made by a function that runs as the owner.
REVOKE EXECUTE ON FUNCTION market.ensure_partitions(date) FROM PUBLIC;
GRANT INSERT ON market.ticks, market.index_prints, market.momentum TO rec_price_watchdog;
GRANT EXECUTE ON FUNCTION market.ensure_partitions(date) TO rec_price_watchdog, rec_unified_production_coordinator;
GRANT INSERT, UPDATE ON market.markets TO rec_kalshi_api_watchdog;
GRANT INSERT ON market.strike_snapshots TO rec_unified_production_coordinator;
GRANT INSERT ON model.fingerprint_sets TO rec_unified_production_coordinator;
GRANT USAGE ON SEQUENCE model.fingerprint_sets_id_seq TO rec_unified_production_coordinator;

-- The outbox's reader only marks what it published.
GRANT UPDATE (published_at) ON ops.outbox TO rec_db_poller;

GRANT INSERT, UPDATE ON ops.health, ops.alerts TO rec_system_monitor;
GRANT INSERT, UPDATE ON ops.alerts TO rec_cascading_failure_detector;
GRANT USAGE ON SEQUENCE ops.alerts_id_seq TO rec_system_monitor, rec_cascading_failure_detector;

-- Pages: people and their settings, nothing of the desk.
GRANT SELECT, INSERT, UPDATE ON ops.users, ops.sessions, ops.login_tokens, ops.settings TO rec_main_app;
GRANT SELECT, INSERT ON ops.audit TO rec_main_app;
GRANT USAGE ON SEQUENCE ops.users_id_seq, ops.audit_id_seq TO rec_main_app;
