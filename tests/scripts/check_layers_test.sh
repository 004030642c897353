#!/bin/bash
# scripts/check-layers on a small house: in order it is silent, and each way of breaking a rule is found.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

house() {
	rm -rf "$dir/h" && mkdir -p "$dir"/h/{schema,src/{base,db,feed,shop,people,http,api}} && cd "$dir/h"
	for r in base db feed shop people http api; do echo "# $r" >src/$r/README.md; done
	printf 'room(base m)\nroom(db base)\nroom(http base)\nroom(feed db base)\nroom(shop feed db base)\n%s\n%s\n' \
		'room(people shop feed db base)' 'room(api people shop feed http db base)' >CMakeLists.txt
	printf 'CREATE TABLE store (\n\tid {int}\n) {rows};\n' >schema/0003_shop.sql
	printf 'CREATE TABLE record (\n\tid {int}\n) {rows};\nCREATE TABLE link (id {int}) {rows};\n' >schema/0004_people.sql
	printf '#include "base/mem.h"\n#include <sqlite3.h>\n' >src/db/sqlite.c
	printf '#include "http/http.h"\n#include "people/people.h"\n' >src/api/api.c
	cat >src/people/record.c <<-'C'
		#include "people/people.h"
		#include "shop/shop.h"
		/* Not this: DB_STMT(other, "i", "", "DELETE FROM store WHERE id = $1") */
		DB_STMT(record_get, "i", "i",
			"WITH store AS (SELECT id FROM link) SELECT r.id FROM record r, link l "
			"WHERE r.id = $1 AND EXISTS (SELECT 1 FROM store)")
	C
}
# finds WHAT TEXT: the house as it stands now must give exactly one fault, with this text.
finds() {
	local out
	if out=$("$top/scripts/check-layers" "$dir/h") || [[ $out != *"$2"* ]] || [[ $out != *$'\n'"1 faults" ]]; then
		printf '[  FAILED  ] %s: %s\n' "$1" "$out"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
	house
}

house
if "$top/scripts/check-layers" "$dir/h" >"$dir/out"; then passed=1; else
	cat "$dir/out"
	failed=1
fi
echo '#include "people/people.h"' >>src/shop/store.c
finds "up" "shop may not include people/people.h"
echo '#include "http/http.h"' >>src/people/record.c
finds "HTTP below api" "people may not include http/http.h"
sed -i 's/room(people shop/room(people http shop/' CMakeLists.txt
finds "HTTP in the build" "people may not use http"
sed -i 's/room(db base)/room(db base feed)/' CMakeLists.txt
finds "up in the build" "db may not use feed"
echo '#include <sqlite3.h>' >>src/shop/store.c
finds "gate" "only db/ may include <sqlite3.h>"
echo '#include <libpq-fe.h>' >>src/people/record.c
finds "gate of PostgreSQL" "only db/ may include <libpq-fe.h>"
echo '#include <microhttpd.h>' >>src/api/api.c
finds "gate of HTTP" "only http/ may include <microhttpd.h>"
echo 'DB_STMT(steal, "", "i", "SELECT id FROM record JOIN store ON store.id = record.id")' >>src/people/record.c
finds "another's table, joined" "steal names the table store, which belongs to shop"
printf 'DB_STMT(steal, "i", "",\n\t"UPDATE "\n\t"record SET id = $1")\n' >>src/shop/store.c
finds "another's table, updated" "steal names the table record"
echo 'DB_STMT(steal, "", "i", "SELECT s.id FROM link AS l, store s")' >>src/people/record.c
finds "another's table in a list" "steal names the table store"
yes '/* line */' 2>/dev/null | head -801 >src/shop/long.c || true
finds "a long file" "more than 800 lines"
rm src/feed/README.md
finds "no README" "has no README.md"
mkdir src/attic && echo x >src/attic/README.md
finds "an unknown room" "stands on no line"
echo '#include "record.h"' >>src/people/record.c
finds "an include without its room" 'include "people/record.h" with its room'
echo 'CREATE TABLE store (id {int}) {rows};' >>schema/0004_people.sql
finds "a table made twice" "table store is made twice"

echo "[  PASSED  ] $passed test(s)."
[ $failed = 0 ] || echo "[  FAILED  ] $failed test(s), listed below:"
exit $failed
