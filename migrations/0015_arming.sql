-- Arming: what increases exposure, where money is real, is claimed only while an arming is in force. And orders that
-- were sent without the database, by `rec flatten --emergency`, which are adopted afterwards.

CREATE TABLE desk.armings (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    requester text NOT NULL,
    reason text NOT NULL,
    -- What it is bound to: hash of the configuration, release, start of the machine.
    configuration text NOT NULL,
    release text NOT NULL,
    boot text NOT NULL,
    -- When the desk began anew after a crash, lately.
    crashes timestamptz[] NOT NULL,
    -- Books and exchange were not found to agree since the last of them: nothing is opened meanwhile.
    unproven boolean NOT NULL,
    ended_at timestamptz,
    ended_reason text,
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
-- At most one is in force.
CREATE UNIQUE INDEX armings_in_force ON desk.armings (account, mode) WHERE ended_at IS NULL;

-- Tries of the second factor. A right code counts once.
CREATE TABLE desk.code_attempts (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    -- The step of thirty seconds whose code it was; null for a wrong one.
    step bigint UNIQUE
);
CREATE INDEX code_attempts_at ON desk.code_attempts (at);

-- Bound to the claim's own statement, and the executor writes neither.
GRANT SELECT ON desk.armings TO rec_main_app, rec_trade_manager, rec_trade_executor;
GRANT SELECT ON desk.code_attempts TO rec_trade_manager;
GRANT INSERT, UPDATE ON desk.armings TO rec_trade_manager;
GRANT INSERT ON desk.code_attempts TO rec_trade_manager;
GRANT USAGE ON SEQUENCE desk.armings_id_seq, desk.code_attempts_id_seq TO rec_trade_manager;

-- An adopted order was sent already: nobody sends it.
ALTER TABLE desk.intents
    DROP CONSTRAINT intents_kind_check,
    ADD CONSTRAINT intents_kind_check
        CHECK (kind IN ('place', 'repeat', 'cancel', 'create_group', 'trigger_group', 'reset_group', 'adopt')),
    ADD CONSTRAINT intents_adopt_reduces CHECK (kind <> 'adopt' OR effect = 'reduces');
