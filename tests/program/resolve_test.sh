#!/bin/bash
# byname resolve as a person runs it: alone and beside a running server; its model can be printed, edited and given back.
set -euo pipefail
. "$(dirname "$0")/kit.sh"
export BYNAME_DB=$dir/shop.db

{
	echo "source,key,person" >"$dir/truth.csv"
	for i in $(seq 80); do
		for source in web till; do
			name="Given$((i % 20)) Family$((i % 30))x"
			printf '{"type":"identify","messageId":"%s%s","userId":"%s%s","traits":{"name":"%s","email":"m%s@mail.example.net","birthday":"19%s-0%s-1%s"}}\n' \
				$source "$i" $source "$i" "$name" "$i" $((40 + i % 50)) $((1 + i % 9)) $((i % 10))
			echo "import,$source$i,$i" >>"$dir/truth.csv"
		done
	done
} >"$dir/people.jsonl"
"$bin" import --quiet "$dir/people.jsonl" >"$dir/out.log" 2>"$dir/err.log" || fail "import: $?"

"$bin" resolve --truth "$dir/truth.csv" --print-model "$dir/model" >"$dir/out.log" 2>"$dir/err.log" || fail "resolve: $?"
grep -q '^160 records are 80 customers: 80 records moved' "$dir/out.log" || fail "not everybody was put together"
grep -q '^pairs   precision 1.0000  recall 1.0000' "$dir/out.log" || fail "no figures"
grep -q 'customers .*100% \[####################\]' "$dir/err.log" || fail "no progress"
"$bin" resolve --json --quiet >"$dir/out.log" 2>"$dir/err.log" || fail "again: $?"
grep -q '"state":"done".*"version":2,"records":160,"customers":80,"moved":0,' "$dir/out.log" || fail "again: something changed"
[ ! -s "$dir/err.log" ] || fail "--quiet says something"
sed 's/^link .*/link 900000/' "$dir/model" >"$dir/strict"
cmp -s "$dir/model" "$dir/strict" && fail "the model has no line of the link threshold"

"$bin" serve --port 0 >"$dir/serve.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
	[ -S "$dir/shop.db.sock" ] && break
	sleep 0.1
done
code=0
"$bin" resolve --truth "$dir/truth.csv" >"$dir/out.log" 2>"$dir/err.log" || code=$?
[ "$code" = 2 ] || fail "--truth beside a server: ended with $code"
"$bin" resolve --model "$dir/strict" >"$dir/out.log" 2>"$dir/err.log" || fail "beside a server: $?"
grep -q '^160 records are 160 customers: 80 records moved' "$dir/out.log" || fail "an edited model is not used"
"$bin" check >"$dir/out.log" 2>"$dir/err.log" || fail "check: $?"
for wrong in "--model $dir/nothing" "--model $dir/people.jsonl" "word"; do
	# shellcheck disable=SC2086
	! "$bin" resolve $wrong >"$dir/out.log" 2>"$dir/err.log" || fail "$wrong: ended with 0"
	[ -s "$dir/err.log" ] || fail "$wrong: says nothing"
done
