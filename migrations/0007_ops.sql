-- People, pages, health, and what is told to the world. Times here are the server's own.

CREATE TABLE ops.users (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    -- In PHC form; null while only one-time log-ins were made for the account.
    password_hash text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz
);

CREATE TABLE ops.sessions (
    -- Of the token in the cookie; the token itself is stored nowhere.
    token_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES ops.users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);

CREATE TABLE ops.login_tokens (
    token_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES ops.users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE ops.settings (
    user_id bigint NOT NULL REFERENCES ops.users,
    key text NOT NULL,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, key)
);

CREATE TABLE ops.audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb NOT NULL
);

-- The last word on each service.
CREATE TABLE ops.health (
    service text PRIMARY KEY,
    at timestamptz NOT NULL,
    healthy boolean NOT NULL,
    -- When `healthy` last changed.
    since timestamptz NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE ops.alerts (
    id bigserial PRIMARY KEY,
    raised_at timestamptz NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    code text NOT NULL,
    subject text NOT NULL,
    message text NOT NULL,
    resolved_at timestamptz
);
-- An alert that holds already is not raised again.
CREATE UNIQUE INDEX alerts_open ON ops.alerts (code, subject) WHERE resolved_at IS NULL;

-- Events of the desk, written with the fact itself. The truth of what must be published is `published_at`, never an
-- id: ids are drawn before their transactions commit, in any order.
CREATE TABLE ops.outbox (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL,
    event jsonb NOT NULL,
    published_at timestamptz
);
CREATE INDEX outbox_unpublished ON ops.outbox (id) WHERE published_at IS NULL;
