WITH locked AS MATERIALIZED (
    SELECT id, balance_minor FROM account WHERE id IN (:from, :to) ORDER BY id FOR NO KEY UPDATE
), covered AS (
    SELECT 1 FROM locked HAVING count(*) = 2 AND bool_and(id <> :from OR balance_minor >= 100)
), booked AS (
    INSERT INTO entry (idempotency_key, description) SELECT :key::text, 'Transfer' FROM covered RETURNING id
), moved AS (
    UPDATE account SET balance_minor = balance_minor + CASE account.id WHEN :from THEN -100 ELSE 100 END
    FROM booked WHERE account.id IN (:from, :to) RETURNING account.id, balance_minor
), posted AS (
    INSERT INTO posting (entry_id, account_id, amount_minor, balance_after_minor)
    SELECT booked.id, moved.id, CASE moved.id WHEN :from THEN -100 ELSE 100 END, moved.balance_minor FROM booked, moved
)
SELECT id FROM booked;
