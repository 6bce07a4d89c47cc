-- For all trades of one token, whenever they were. It slows inserts down by 70 % and makes a day a quarter larger, which
-- is still many times what a synced log delivers; without it such a query reads a whole index for every day
-- (docs/adr/0011). Prices and books go without: few times, each with all tokens, are skipped through quickly by their key.
CREATE INDEX trades_token ON trades (token_key, ts);
