-- Whether anything may increase exposure, as one row: whoever claims such an intent locks it, and whoever halts or ends
-- an arming changes it. So either the claim is committed first and the halt waits for it, or the halt is and the claim
-- is refused; by a look at desk.halts alone a claim that began before a halt could be committed after it.

CREATE TABLE desk.gate (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    halted boolean NOT NULL,
    -- The end of the arming in force; null while there is none, or it is not proven since a crash.
    armed_until timestamptz,
    -- Means nothing, as in desk.lease: the column lets the executor lock the row and changes nothing.
    fence boolean NOT NULL DEFAULT false
);

-- Whoever writes halts or armings sets it, yesterday's program too.
CREATE FUNCTION desk.set_gate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    -- Waits for claims under way and for others that set it; the next statement sees what they did.
    PERFORM FROM desk.gate FOR NO KEY UPDATE;
    UPDATE desk.gate SET
        halted = EXISTS (SELECT FROM desk.halts WHERE cleared_at IS NULL),
        armed_until = (SELECT max(until) FROM desk.armings WHERE ended_at IS NULL AND NOT unproven);
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION desk.set_gate() FROM PUBLIC;

CREATE TRIGGER halts_set_gate AFTER INSERT OR UPDATE OR DELETE ON desk.halts
    FOR EACH STATEMENT EXECUTE FUNCTION desk.set_gate();
CREATE TRIGGER armings_set_gate AFTER INSERT OR UPDATE OR DELETE ON desk.armings
    FOR EACH STATEMENT EXECUTE FUNCTION desk.set_gate();

-- After the triggers, which keep out every writer until this migration is committed: a halt that was on its way is seen.
INSERT INTO desk.gate (halted, armed_until) VALUES (
    EXISTS (SELECT FROM desk.halts WHERE cleared_at IS NULL),
    (SELECT max(until) FROM desk.armings WHERE ended_at IS NULL AND NOT unproven)
);

GRANT SELECT, UPDATE (fence) ON desk.gate TO rec_trade_executor;
