#!/bin/bash
# byname evaluate identity: figures over a table whose truth is known; its model can be printed and given again.
set -euo pipefail
. "$(dirname "$0")/kit.sh"
{
	echo "id,given_name,surname,dob,email,who"
	for i in $(seq 60); do
		echo "a$i,Given$((i % 20)),Family$((i % 30))x,19$((40 + i % 50))-0$((1 + i % 9))-1$((i % 10)),m$i@mail.org,$i"
		echo "b$i,Given$((i % 20)),Family$((i % 30))x,19$((40 + i % 50))-0$((1 + i % 9))-1$((i % 10)),m$i@mail.org,$i"
	done
} >"$dir/people.csv"

"$bin" evaluate identity "$dir/people.csv" --truth who --print-model "$dir/model" --worst 3 >"$dir/out.log" 2>"$dir/err.log" ||
	fail "ended with $?"
grep -q '^120 records of 60 people, 60 groups$' "$dir/out.log" || fail "not everybody was put together"
grep -q '^pairs   precision 1.0000  recall 1.0000  F1 1.0000$' "$dir/out.log" || fail "no figures"
"$bin" evaluate identity "$dir/people.csv" --truth who --model "$dir/model" --json >"$dir/json.log" 2>"$dir/err.log" ||
	fail "--model: ended with $?"
grep -q '"records":120,"people":60,"groups":60,' "$dir/json.log" || fail "--model: other groups"
# a model in which nothing links
sed 's/^link .*/link 900000/' "$dir/model" >"$dir/strict"
cmp -s "$dir/model" "$dir/strict" && fail "the model has no line of the link threshold"
"$bin" evaluate identity "$dir/people.csv" --truth who --model "$dir/strict" >"$dir/out.log" 2>"$dir/err.log" || fail "strict: $?"
grep -q '^120 records of 60 people, 120 groups$' "$dir/out.log" || fail "an edited model is not used"
for wrong in "--truth nothing" "--worst x --truth who" ""; do
	code=0
	# shellcheck disable=SC2086
	"$bin" evaluate identity "$dir/people.csv" $wrong >"$dir/out.log" 2>"$dir/err.log" || code=$?
	[ "$code" = 2 ] || fail "$wrong: ended with $code"
done
