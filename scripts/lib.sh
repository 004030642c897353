# Sourced by the scripts beside it (bash): where we are, how we speak.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}
[ -t 2 ] || {
	say() { printf '==> %s\n' "$*" >&2; }
}

export LC_ALL=C.UTF-8
jobs=${JOBS:-$(nproc)}

# Puts a Node that is new enough first on the PATH.
use_node() {
	local dir
	dir=$("$top/scripts/node-path") || die "no Node 20.19 or newer, and none could be fetched"
	[ -z "$dir" ] || PATH=$dir:$PATH
	export PATH
}

# Configures and builds a preset; quiet unless it fails.
build_preset() {
	local preset=$1 log=build/$1.log
	shift
	mkdir -p build
	say "Building ($preset)"
	if ! { cmake --preset "$preset" && cmake --build "build/$preset" -j "$jobs" "$@"; } >"$log" 2>&1; then
		grep -E -B1 -A12 'error|FAILED|CMake Error' "$log" | head -60 >&2
		die "the $preset build failed; all of it is in $log"
	fi
	grep -E 'warning:' "$log" | sort -u | head -20 >&2 || true
}
