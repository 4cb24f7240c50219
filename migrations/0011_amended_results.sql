-- A result that is amended after it was paid: the payment is taken back by a reversal and made anew. The exchange need
-- not state another instant for it, so a trade's payments differ in instant, result or sum.

ALTER TABLE desk.postings
    DROP CONSTRAINT postings_kind_check,
    ADD CONSTRAINT postings_kind_check CHECK (kind IN
        ('opening', 'entry', 'exit', 'settlement', 'reversal', 'deposit', 'withdrawal', 'adjustment'));
ALTER TABLE desk.settlements
    DROP CONSTRAINT settlements_trade_id_settled_at_key,
    ADD CONSTRAINT settlements_once UNIQUE (trade_id, settled_at, result, revenue_micros);
