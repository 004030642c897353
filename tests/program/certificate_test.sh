#!/bin/bash
# A certificate renewed while byname serves: SIGHUP takes it, a broken one is not taken and the server goes on.
set -euo pipefail
. "$(dirname "$0")/kit.sh"

renew() { # serial
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -set_serial "$1" \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl.log"
}
shown() { # the serial that a client sees
	openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -serial
}
logged() { # pattern
	for _ in $(seq 100); do
		! grep -q "$1" "$dir/serve.log" || return 0
		sleep 0.05
	done
	fail "not in the log: $1"
}

renew 1
"$bin" serve -d "$dir/shop.db" -p 0 -c "$dir/cert.pem" -k "$dir/key.pem" >"$dir/serve.log" 2>&1 &
pid=$!
logged 'is serving'
port=$(sed -n 's|^Byname is serving .* on https://127\.0\.0\.1:\([0-9]*\) .*|\1|p' "$dir/serve.log")
[ "$(shown)" = serial=01 ] || fail "not the first certificate"

renew 2
kill -HUP $pid
logged 'serve.certificate read=again'
[ "$(shown)" = serial=02 ] || fail "the renewed certificate is not shown"

echo nonsense >"$dir/cert.pem"
kill -HUP $pid
logged 'serve.certificate_kept'
[ "$(shown)" = serial=02 ] || fail "the certificate in use went away"

kill -TERM $pid
code=0
wait $pid || code=$?
pid=
[ $code = 0 ] || fail "it stopped with $code"
