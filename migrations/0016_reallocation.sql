-- A fill that is heard of after a later close changes what that close took of the cost: what moves between the position
-- and the result is a posting of its own.

ALTER TABLE desk.postings
    DROP CONSTRAINT postings_kind_check,
    ADD CONSTRAINT postings_kind_check CHECK (kind IN
        ('opening', 'entry', 'exit', 'reallocation', 'settlement', 'reversal', 'deposit', 'withdrawal', 'transfer',
         'interest', 'reserve', 'release', 'adjustment'));
