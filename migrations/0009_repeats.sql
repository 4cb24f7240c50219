-- A close of which nobody knows whether it was taken is sent again: each repetition is an intent of its own, with its
-- own claim and answer. What opens is never repeated.

ALTER TABLE desk.intents
    DROP CONSTRAINT intents_kind_check,
    ADD CONSTRAINT intents_kind_check
        CHECK (kind IN ('place', 'repeat', 'cancel', 'create_group', 'trigger_group', 'reset_group')),
    ADD CONSTRAINT intents_repeat_reduces CHECK (kind <> 'repeat' OR effect = 'reduces');
CREATE INDEX intents_repeats ON desk.intents ((action->>'of')) WHERE kind = 'repeat';
