#!/bin/bash
# byname demo as a person runs it: the made-up chain with its stock and what is under way; interrupted, it goes on.
set -euo pipefail
. "$(dirname "$0")/kit.sh"
export BYNAME_DB=$dir/demo/byname.db

"$bin" demo --no-serve --people 300 --years 1 --dir "$dir/demo" >"$dir/out.log" 2>"$dir/err.log" || fail "demo: $?"
matters=$(($(wc -l <"$dir/demo/chain/matters.csv") - 1))
[ "$matters" -gt 150 ] || fail "only $matters matters"
grep -q "^    $matters orders, holds" "$dir/err.log" || fail "not everything was done"
"$bin" check >"$dir/out.log" 2>"$dir/err.log" || fail "check: $?"

# what was done before it was interrupted is not done again
sed -i 's/ done//' "$dir/demo/lived"
"$bin" demo --no-serve --people 300 --years 1 --dir "$dir/demo" >"$dir/out.log" 2>"$dir/err.log" || fail "again: $?"
grep -q "^    $matters orders, holds" "$dir/err.log" || fail "not everything was gone through"
"$bin" check >"$dir/out.log" 2>"$dir/err.log" || fail "check after going on: $?"
