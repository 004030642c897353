# What the program's tests share; sourced. Sets bin, dir (removed at the end), pid (killed at the end) and fail().
# shellcheck shell=bash
bin=${BYNAME_BIN:?}
dir=$(mktemp -d /tmp/byname-test-XXXXXX)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
unset BYNAME_DB BYNAME_BIND BYNAME_PORT BYNAME_TLS_CERT BYNAME_TLS_KEY BYNAME_SOCKET BYNAME_URL BYNAME_WORKERS

fail() {
	echo "FAILED: $*" >&2
	sed 's/^/  | /' "$dir"/*.log >&2
	exit 1
}
