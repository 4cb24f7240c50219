-- A result may be amended and amended back, and the exchange need not state another instant for it: yes, no and yes
-- again are three payments, the last of which equals the first. What is refused is the payment that was the last one.

ALTER TABLE desk.settlements DROP CONSTRAINT settlements_once;
CREATE INDEX settlements_of_trade ON desk.settlements (trade_id, id);

CREATE FUNCTION desk.refuse_settlement_again() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (new.settled_at, new.result, new.revenue_micros) = (
        SELECT settled_at, result, revenue_micros FROM desk.settlements
        WHERE trade_id = new.trade_id ORDER BY id DESC LIMIT 1
    ) THEN
        RAISE EXCEPTION 'trade % was paid this already', new.trade_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'settlements_once';
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER settlements_once BEFORE INSERT ON desk.settlements
    FOR EACH ROW EXECUTE FUNCTION desk.refuse_settlement_again();

-- What the exchange said last of a market's result, for the inbox.
CREATE INDEX exchange_reports_settlements ON desk.exchange_reports ((body ->> 'ticker'), id) WHERE kind = 'settlement';
