#!/bin/bash
# Two servers of one PostgreSQL database on one machine, as a person would start them: no option but the port. Both
# answer, the command line asks the first, and the first's end takes nothing from the second. BYNAME_BIN: the program.
set -euo pipefail
. "$(dirname "$0")/kit.sh"
pg=$(mktemp -u /tmp/bnpg.XXXXXX)
second=
finish() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
	[ -z "$second" ] || kill -9 "$second" 2>/dev/null || true
	"$(dirname "$0")/../../scripts/pg-temp" stop "$pg"
	rm -rf "$dir"
}
trap finish EXIT
url=$("$(dirname "$0")/../../scripts/pg-temp" start "$pg")

start() { # name of its log: sets started
	"$bin" serve -d "$url" -p 0 >"$dir/$1.log" 2>&1 &
	started=$!
	for _ in $(seq 200); do
		! grep -q '^Byname is serving' "$dir/$1.log" || return 0
		kill -0 $started 2>/dev/null || fail "$1 ended at the start"
		sleep 0.05
	done
	fail "$1 does not serve"
}
alive() { # name of its log
	local port
	port=$(sed -n 's|^Byname is serving .* on http://127\.0\.0\.1:\([0-9]*\) .*|\1|p' "$dir/$1.log")
	curl -fsS "http://127.0.0.1:$port/healthz" | grep -q '"alive":true' || fail "$1 does not answer"
}

start first
pid=$started
start other
second=$started
grep -q socket.shared "$dir/other.log" || fail "the other says nothing of the socket"
alive first
alive other
"$bin" status -d "$url" >"$dir/status.log" 2>&1 || fail "status beside two servers"
kill -TERM $pid
wait $pid || fail "the first stopped with $?"
pid=
alive other
"$bin" status -d "$url" >"$dir/status.log" 2>&1 || fail "status beside the other alone"
echo "two servers: all as it should be"
