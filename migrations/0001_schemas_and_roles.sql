-- Schemas, and one role for each service that uses the database.
--
-- Roles belong to the whole cluster, so another database may have made them already. They cannot log in: a service
-- logs in as the owner's user and takes its role for the session.

CREATE SCHEMA market;
CREATE SCHEMA desk;
CREATE SCHEMA model;
CREATE SCHEMA ops;

DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY[
        'rec_main_app', 'rec_trade_manager', 'rec_trade_executor', 'rec_price_watchdog', 'rec_db_poller',
        'rec_kalshi_account_sync', 'rec_kalshi_api_watchdog', 'rec_system_monitor', 'rec_active_trade_supervisor',
        'rec_cascading_failure_detector', 'rec_auto_entry_supervisor', 'rec_unified_production_coordinator'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', service);
            EXCEPTION
                -- Another database of this cluster is being migrated at the same time.
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, service, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', service);
        END IF;
    END LOOP;
END
$$;
