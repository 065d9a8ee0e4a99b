-- What a careful engineer would write for transfers and nothing else. Foreign keys are left out: they would only
-- slow it down, and a function of a few lines is the only writer.
CREATE TABLE account (
    id bigint PRIMARY KEY,
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0)
) WITH (fillfactor = 70);
CREATE TABLE entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    description text NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE posting (
    entry_id bigint NOT NULL,
    account_id bigint NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint NOT NULL,
    PRIMARY KEY (entry_id, account_id)
);
CREATE INDEX posting_account ON posting (account_id, entry_id);
