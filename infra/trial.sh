#!/usr/bin/env bash
# Tests docker-compose.yml: three ingestors record the simulated venue, this script kills the writer and one of them, and then
# every trade of the venue's ledger must be in the database exactly once. Needs Docker and Node, takes about two minutes, and
# leaves no container, volume or network behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Uses a separate project and ports, so that it does not touch a running one. The environment takes precedence over the files.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
export COMPOSE_ENV_FILES=infra/demo.env COMPOSE_PROJECT_NAME=polytape-trial-$$
export NATS_PORT=0 POSTGRES_PORT=0 SCHEDULER_HTTP_PORT=0 WRITER_HTTP_PORT=0
# Two of the three ingestors record each token, so that killing one leaves no gap.
export REDUNDANCY=2
export POSTGRES_PASSWORD NATS_PASSWORD
POSTGRES_PASSWORD=$(random) NATS_PASSWORD=$(random)

work=$(mktemp -d)
finish() {
  local status=$?
  ((status == 0)) || docker compose logs --tail 40 || true
  docker compose down --volumes --rmi local
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

say() { printf '== %s\n' "$*"; }
# The venue publishes no port, so requests run in its container.
sim() {
  docker compose exec -T venue-sim node -e '
    const [method, path] = process.argv.slice(1);
    fetch(`http://127.0.0.1:4400/sim/${path}`, { method }).then(async (response) => process.stdout.write(await response.text()));
  ' "$@"
}
sql() { docker compose exec -T timescaledb psql -U polytape -d polytape -AtX -c "$1"; }
# The init process of the container has one child, the service. Docker notices its exit and restarts the container.
kill_hard() {
  say "kill -9 $1, replica $2"
  docker compose exec -T --index "$2" "$1" bash -c 'kill -9 $(< /proc/1/task/1/children)' || true
}

say 'up'
docker compose up --build --detach --wait --wait-timeout 300 --scale ws-ingestor=3
sleep 10
kill_hard writer 1
sleep 5
kill_hard ws-ingestor 2
sleep 10

for killed in $(docker compose ps -q --all writer) $(docker compose ps -q --all ws-ingestor); do
  docker inspect -f '{{.Name}} started again {{.RestartCount}} times' "$killed"
done | tee "$work/restarts"
# Checks that both kills worked, because the interrupted exec does not tell.
(($(grep -c 'again 1 times' "$work/restarts") == 2))

say 'Comparing with the ledger'
sim POST stop-trading > /dev/null
sim GET ledger > "$work/ledger"
executed=$(grep -c '"subscribed":true' "$work/ledger")
for _ in {1..30}; do
  (($(sql 'select count(*) from trade_tape') < executed)) || break
  sleep 1
done
sql "select json_build_object('tokenId', token_id, 'timestamp', (extract(epoch from ts) * 1000)::bigint, 'price', price::text,
  'size', size::text, 'side', side, 'transactionHash', transaction_hash) from trade_tape" > "$work/tape"

say 'stop'
docker compose stop
exit_codes=$(docker compose ps --all --format '{{.Name}} {{.ExitCode}}')

node - "$work/ledger" "$work/tape" <<'NODE'
const { readFileSync } = require('node:fs');
const [truth, tape] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line)));
const key = (t) => [t.tokenId, t.timestamp, Number(t.price), Number(t.size), t.side, t.transactionHash].join();

/** Number of trades in `a` that are not in `b`. Counts repetitions, because identical fills are different trades. */
function beyond(a, b) {
  const left = new Map();
  for (const trade of b) left.set(key(trade), (left.get(key(trade)) ?? 0) + 1);
  return a.filter((trade) => {
    const count = left.get(key(trade)) ?? 0;
    if (count > 0) left.set(key(trade), count - 1);
    return count === 0;
  }).length;
}

const executed = truth.filter((trade) => trade.subscribed);
const missing = beyond(executed, tape);
// A recorder may also see trades executed just before it received the book of their token, so this compares with all of them.
const surplus = beyond(tape, truth);
console.log(`executed ${executed.length}, recorded ${tape.length}, missing ${missing}, doubled or unknown ${surplus}`);
process.exit(executed.length > 0 && missing + surplus === 0 ? 0 : 1);
NODE

# Every container exited by itself, within its time.
echo "$exit_codes"
! grep -qv ' 0$' <<< "$exit_codes"
