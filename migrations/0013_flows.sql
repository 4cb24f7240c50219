-- Money that comes, goes or moves as far as it was seen, and what a comparison looked at.

-- A movement as far as it has come; what it moved stands in desk.postings.
CREATE TABLE desk.flows (
    -- Its kind and the exchange's identity of it.
    key text PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    kind text NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'interest', 'transfer')),
    amount_micros bigint NOT NULL CHECK (amount_micros > 0),
    -- The report in the domain's form.
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
CREATE INDEX flows_at ON desk.flows (at);
GRANT SELECT ON desk.flows TO rec_main_app, rec_system_monitor;
GRANT SELECT, INSERT, UPDATE ON desk.flows TO rec_trade_manager;

ALTER TABLE desk.exchange_reports
    DROP CONSTRAINT exchange_reports_kind_check,
    ADD CONSTRAINT exchange_reports_kind_check
        CHECK (kind IN ('order', 'fill', 'settlement', 'flow', 'group', 'sweep'));

ALTER TABLE desk.reconciliations ADD COLUMN compared jsonb;
