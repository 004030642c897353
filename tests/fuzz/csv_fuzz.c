/* rooms: ingest insight orders timeline people shop feed db text money base */
/* The CSV reader: rows cover the stream without gap or overlap, and reading again from any row gives the same rest. */
#include "fuzz/fuzz.h"
#include "base/hash.h"
#include "ingest/csv.h"

#define ROWS_MAX 20000

static int64_t starts[ROWS_MAX], lines[ROWS_MAX];
static uint64_t rest[ROWS_MAX];

static uint64_t row_hash(const struct csv_row *row)
{
	uint64_t h = hash64_str(row->raw, (uint64_t)row->count * 2 + row->broken);
	for (int i = 0; i < row->count; i++) {
		HOLD(row->broken || str_utf8_valid(row->fields[i]));
		h = hash64_str(row->fields[i], h);
	}
	return h;
}

/* Reads to the end; number of rows, or -1 where it is no CSV at all. */
static int read_all(struct csv_reader *r, struct str text, int from, bool check)
{
	const struct csv_row *row;
	struct error e;
	int n = from;
	for (;;) {
		if (csv_next(r, &row, &e) != OK) {
			HOLD(e.result == ERR_INVALID || e.result == ERR_NOMEM);
			return -1;
		}
		if (!row || n == ROWS_MAX)
			break;
		HOLD(row->start >= 0 && (size_t)row->start + row->raw.n <= text.n);
		HOLD(!memcmp(text.p + row->start, row->raw.p, row->raw.n));
		HOLD(n == from || row->start > starts[n - 1]);
		HOLD(csv_reader_at(r) > row->start && csv_reader_at(r) <= (int64_t)text.n);
		HOLD(csv_reader_line(r) > row->line);
		uint64_t h = row_hash(row);
		if (check)
			HOLD(starts[n] == row->start && lines[n] == row->line && rest[n] == h);
		starts[n] = row->start;
		lines[n] = row->line;
		rest[n++] = h;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e;
	if (size < 2)
		return 0;
	struct str text = { (const char *)data + 2, size - 2 };
	char delimiter = ",;\t|"[data[0] & 3];
	struct csv_reader *r = csv_reader_new(input_text(text), delimiter, (enum csv_encoding)(data[0] / 4 % 3));
	HOLD(r);
	int n = read_all(r, text, 0, false);
	if (n > 1) {
		int again = data[1] % n;
		HOLD(csv_reader_seek(r, starts[again], lines[again], &e) == OK);
		HOLD(read_all(r, text, again, true) == n);
	}
	csv_reader_free(r);
	return 0;
}
