-- Whatever made the candles, they read the same.

COMMENT ON VIEW   candles_1m              IS 'One row for each token and minute in which it traded. Prices come from trades seen live only; trades fetched afterwards count in volume, notional, vwap and trades.';
COMMENT ON COLUMN candles_1m.ts           IS 'Start of the minute.';
COMMENT ON COLUMN candles_1m.token_id     IS 'Token that was traded.';
COMMENT ON COLUMN candles_1m.condition_id IS 'Market of the token.';
COMMENT ON COLUMN candles_1m.open         IS 'Price of the first trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1m.high         IS 'Highest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1m.low          IS 'Lowest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1m.close        IS 'Price of the last trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1m.volume       IS 'Shares.';
COMMENT ON COLUMN candles_1m.notional     IS 'Collateral: sum of price times size.';
COMMENT ON COLUMN candles_1m.vwap         IS 'Average price, weighted by volume, to six places; of all trades.';
COMMENT ON COLUMN candles_1m.trades       IS 'Number of trades.';

COMMENT ON VIEW   candles_1h              IS 'One row for each token and hour in which it traded. Prices come from trades seen live only; trades fetched afterwards count in volume, notional, vwap and trades.';
COMMENT ON COLUMN candles_1h.ts           IS 'Start of the hour.';
COMMENT ON COLUMN candles_1h.token_id     IS 'Token that was traded.';
COMMENT ON COLUMN candles_1h.condition_id IS 'Market of the token.';
COMMENT ON COLUMN candles_1h.open         IS 'Price of the first trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1h.high         IS 'Highest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1h.low          IS 'Lowest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1h.close        IS 'Price of the last trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1h.volume       IS 'Shares.';
COMMENT ON COLUMN candles_1h.notional     IS 'Collateral: sum of price times size.';
COMMENT ON COLUMN candles_1h.vwap         IS 'Average price, weighted by volume, to six places; of all trades.';
COMMENT ON COLUMN candles_1h.trades       IS 'Number of trades.';

COMMENT ON VIEW   candles_1d              IS 'One row for each token and day (UTC) in which it traded. Prices come from trades seen live only; trades fetched afterwards count in volume, notional, vwap and trades.';
COMMENT ON COLUMN candles_1d.ts           IS 'Start of the day (UTC).';
COMMENT ON COLUMN candles_1d.token_id     IS 'Token that was traded.';
COMMENT ON COLUMN candles_1d.condition_id IS 'Market of the token.';
COMMENT ON COLUMN candles_1d.open         IS 'Price of the first trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1d.high         IS 'Highest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1d.low          IS 'Lowest price; null when no trade was seen live.';
COMMENT ON COLUMN candles_1d.close        IS 'Price of the last trade, by time, content and ordinal; null when none was seen live.';
COMMENT ON COLUMN candles_1d.volume       IS 'Shares.';
COMMENT ON COLUMN candles_1d.notional     IS 'Collateral: sum of price times size.';
COMMENT ON COLUMN candles_1d.vwap         IS 'Average price, weighted by volume, to six places; of all trades.';
COMMENT ON COLUMN candles_1d.trades       IS 'Number of trades.';

COMMENT ON VIEW   price_candles_1m              IS 'One row for each token and minute of which there are snapshots of its prices. A price that does not change is published once an hour at least, so there may be none for some time.';
COMMENT ON COLUMN price_candles_1m.ts           IS 'Start of the minute.';
COMMENT ON COLUMN price_candles_1m.token_id     IS 'Token.';
COMMENT ON COLUMN price_candles_1m.condition_id IS 'Market of the token.';
COMMENT ON COLUMN price_candles_1m.open         IS 'First midpoint; null, as the next three, when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1m.high         IS 'Highest midpoint.';
COMMENT ON COLUMN price_candles_1m.low          IS 'Lowest midpoint.';
COMMENT ON COLUMN price_candles_1m.close        IS 'Last midpoint.';
COMMENT ON COLUMN price_candles_1m.last_price   IS 'Price of the last trade by the last snapshot that told one, whenever that trade was.';
COMMENT ON COLUMN price_candles_1m.spread       IS 'Average of best ask less best bid, to six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1m.snapshots    IS 'Number of snapshots.';

COMMENT ON VIEW   price_candles_1h              IS 'One row for each token and hour of which there are snapshots of its prices. A price that does not change is published once an hour at least, so there may be none for some time.';
COMMENT ON COLUMN price_candles_1h.ts           IS 'Start of the hour.';
COMMENT ON COLUMN price_candles_1h.token_id     IS 'Token.';
COMMENT ON COLUMN price_candles_1h.condition_id IS 'Market of the token.';
COMMENT ON COLUMN price_candles_1h.open         IS 'First midpoint; null, as the next three, when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1h.high         IS 'Highest midpoint.';
COMMENT ON COLUMN price_candles_1h.low          IS 'Lowest midpoint.';
COMMENT ON COLUMN price_candles_1h.close        IS 'Last midpoint.';
COMMENT ON COLUMN price_candles_1h.last_price   IS 'Price of the last trade by the last snapshot that told one, whenever that trade was.';
COMMENT ON COLUMN price_candles_1h.spread       IS 'Average of best ask less best bid, to six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1h.snapshots    IS 'Number of snapshots.';

COMMENT ON VIEW   price_candles_1d              IS 'One row for each token and day (UTC) of which there are snapshots of its prices. A price that does not change is published once an hour at least, so there may be none for some time.';
COMMENT ON COLUMN price_candles_1d.ts           IS 'Start of the day (UTC).';
COMMENT ON COLUMN price_candles_1d.token_id     IS 'Token.';
COMMENT ON COLUMN price_candles_1d.condition_id IS 'Market of the token.';
COMMENT ON COLUMN price_candles_1d.open         IS 'First midpoint; null, as the next three, when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1d.high         IS 'Highest midpoint.';
COMMENT ON COLUMN price_candles_1d.low          IS 'Lowest midpoint.';
COMMENT ON COLUMN price_candles_1d.close        IS 'Last midpoint.';
COMMENT ON COLUMN price_candles_1d.last_price   IS 'Price of the last trade by the last snapshot that told one, whenever that trade was.';
COMMENT ON COLUMN price_candles_1d.spread       IS 'Average of best ask less best bid, to six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1d.snapshots    IS 'Number of snapshots.';
