#!/bin/bash
# byname user and byname apikey as a person runs them, alone and beside a running server. BYNAME_BIN: the program.
set -euo pipefail
. "$(dirname "$0")/kit.sh"
export BYNAME_DB=$dir/shop.db

says() { # pattern, command: ends with 0 and says it
	local pattern=$1
	shift
	"$bin" "$@" >"$dir/out.log" 2>"$dir/err.log" || fail "$*: ended with $?"
	grep -Eq -- "$pattern" "$dir/out.log" || fail "$*: no $pattern"
}
ends() { # code, command
	local code=$1 got=0
	shift
	"$bin" "$@" >"$dir/out.log" 2>"$dir/err.log" || got=$?
	[ "$got" = "$code" ] || fail "$*: ended with $got, expected $code"
	[ "$code" = 0 ] || [ -s "$dir/err.log" ] || fail "$*: says nothing on standard error"
}
all() {
	says '/link/[A-Za-z0-9_-]{43}$' user add Anna --name 'Anna Meier' --role manager
	says '^anna +manager +Anna Meier +never signed in +no password yet$' user list
	ends 1 user add ANNA
	ends 2 user add 'no login'
	ends 2 user add x --role king
	ends 2 user add x --store nowhere
	ends 2 user
	ends 2 user frob anna
	ends 3 user disable nobody
	says '/link/[A-Za-z0-9_-]{43}$' user link anna
	says '^anna is disabled' user disable anna
	ends 1 user link anna
	says ' disabled$' user list
	says '"disabled":false' user enable anna --json
	says '^bn_sk_[A-Za-z0-9_-]{43}$' apikey add 'Till 1' --source till
	key=$(sed -n 1p "$dir/out.log")
	id=$(grep -o 'key_[0-9a-z]*' "$dir/out.log")
	says "^bn_pk_" apikey add web --role browser
	says "^$id +sk_…${key: -4} +source +till +Till 1 +never used" apikey list
	says '"hint":"sk_…' apikey list --json
	says '^Revoked' apikey revoke "$id"
	says "^$id .* revoked$" apikey list
	ends 3 apikey revoke key_0000000000001
	ends 2 apikey add 'Bad Source'
	says '^All invariants hold' check
}

all
rm -f "$dir"/shop.db*
"$bin" serve -p 0 >"$dir/serve.log" 2>&1 &
pid=$!
for _ in $(seq 200); do
	grep -q '^Byname is serving' "$dir/serve.log" && break
	kill -0 $pid 2>/dev/null || fail "it ended at the start"
	sleep 0.05
done
all
kill -TERM $pid
wait $pid || fail "the server ended with $?"
pid=
# no secret is on disk
! grep -qaF "$key" "$dir"/shop.db* || fail "the key is in the database"
