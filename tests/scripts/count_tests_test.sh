#!/bin/bash
# scripts/count-tests: what a ctest log and node's TAP amount to; a crash without a summary is a failure.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/ctest.log" <<'LOG'
Start testing: Nov 22
1/5 Testing: unit/good_test
[==========] 3 test(s) run.
[  PASSED  ] 3 test(s).
Test Passed.
"unit/good_test" end time
2/5 Testing: unit/mixed_test
[  PASSED  ] 4 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  FAILED  ] 2 test(s), listed below:
[  FAILED  ] one
Test Failed.
3/5 Testing: unit/crash_test
[ RUN      ] boom
Test Failed.
4/5 Testing: unit/plain_test
hello
Test Passed.
5/5 Testing: unit/slow_test
[  PASSED  ] 9 test(s).
Test timeout computed to be: 1
LOG
printf 'TAP version 13\nok 1 - a\n# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 2\n# todo 1\n' >"$dir/a.tap"
printf '# pass 4\n# fail 0\n' >"$dir/b.tap"
bad=0
is() { [ "$1" = "$2" ] || {
	echo "[  FAILED  ] got $1, wanted $2"
	bad=$((bad + 1))
}; }
is "$("$top/scripts/count-tests" ctest "$dir/ctest.log")" "17 4 1"
is "$("$top/scripts/count-tests" tap "$dir/a.tap" "$dir/b.tap")" "7 2 3"
is "$("$top/scripts/count-tests" ctest "$dir/none.log")" "0 0 0"
echo "[  PASSED  ] $((3 - bad)) test(s)."
[ $bad = 0 ] || echo "[  FAILED  ] $bad test(s), listed below:"
exit $bad
