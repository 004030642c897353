#!/bin/bash
# byname serve from start to stop, as a person runs it. BYNAME_BIN: the program.
set -euo pipefail
. "$(dirname "$0")/kit.sh"

start() { # options: sets pid and port
	"$bin" serve -d "$dir/shop.db" -p 0 "$@" >"$dir/serve.log" 2>&1 &
	pid=$!
	for _ in $(seq 200); do
		port=$(sed -n 's|^Byname is serving .* on http://127\.0\.0\.1:\([0-9]*\) .*|\1|p' "$dir/serve.log")
		[ -z "$port" ] || return 0
		kill -0 $pid 2>/dev/null || fail "it ended at the start"
		sleep 0.05
	done
	fail "it does not serve"
}
get() { # path: the whole answer
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
	cat <&3
	exec 3<&-
}
expect() { # path, pattern
	get "$1" >"$dir/answer.log"
	grep -Eq "$2" "$dir/answer.log" || fail "$1: no $2"
}
stop() { # must end by itself, with 0
	kill -TERM $pid
	for _ in $(seq 100); do
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
	code=0
	wait $pid || code=$?
	pid=
	[ $code = 0 ] || fail "it stopped with $code"
}

start
grep -q "/link/[A-Za-z0-9_-]\{43\}$" "$dir/serve.log" || fail "no link for the first administrator"
expect /healthz '"alive":true'
for _ in $(seq 100); do
	get /readyz >"$dir/answer.log"
	! grep -q '"ready":true' "$dir/answer.log" || break
	sleep 0.05
done
expect /readyz '200 OK'
expect / '^Content-Type: text/html'
expect /find '^Content-Type: text/html' # a page of the app's own
expect /assets/none.js '404 Not Found'
expect /v1/none '"code":"path.unknown"'
expect /v1/me '401 Unauthorized'
for header in 'Content-Security-Policy: default-src' 'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer'; do
	expect /healthz "^$header"
	expect / "^$header"
	expect /v1/none "^$header"
done
[ "$(stat -c %a "$dir/shop.db.sock")" = 600 ] || fail "others can reach the local socket"
[ "$(stat -c %a "$dir/shop.db")" = 600 ] || fail "others can read the database"

code=0
"$bin" serve -d "$dir/shop.db" -p 0 >"$dir/second.log" 2>&1 || code=$?
{ [ $code = 1 ] && grep -q db.locked "$dir/second.log"; } || fail "a second server on the same file: $code"
expect /healthz '"alive":true'

# a client in the middle of its request and one that says nothing do not keep it from stopping
exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{' >&4
stop
exec 4<&- 5<&-
[ ! -e "$dir/shop.db.sock" ] || fail "the socket was left behind"

# after kill -9 it starts again, over what was left behind
start
kill -9 $pid
wait $pid 2>/dev/null || true
[ -e "$dir/shop.db.sock" ] || fail "kill -9 left no socket: the next lines test nothing"
start
expect /healthz '"alive":true'
stop

code=0
"$bin" serve -d "$dir/none.db" -b 0.0.0.0 -p 0 >"$dir/open.log" 2>&1 || code=$?
{ [ $code = 2 ] && grep -q plain_off_loopback "$dir/open.log"; } || fail "plain off loopback: $code"
[ ! -e "$dir/none.db" ] || fail "a refused start made a database"
code=0
"$bin" serve -d "$dir/none.db" -p 99999 >"$dir/port.log" 2>&1 || code=$?
[ $code = 2 ] || fail "a port that is none: $code"
code=0
"$bin" nosuch >"$dir/none.log" 2>&1 || code=$?
[ $code = 2 ] || fail "a command that is none: $code"
"$bin" version | grep -Eq '^byname [0-9.]+, schema [0-9]+$' || fail "version"
"$bin" openapi | grep -q '^{"openapi":"3.1.0"' || fail "openapi"
echo "byname serve: all as it should be"
