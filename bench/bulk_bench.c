/* The engine alone on a table of people, in bounded memory: bench/bulk runs it. usage: bulk_bench TABLE.csv [MEMORY_MB]
 * Reads, packs, trains, finds keys and pairs, all as `byname resolve` does but without a database. Prints "name value
 * unit" a line. */
#include "ingest/csv.h"
#include "people/evaluate.h"
#include "people/match_pairs.h"
#include "people/match_training.h"
#include "people/people.h"
#include "text/text.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define HOLDERS_MAX 200
#define TRUTH "truth,household,dirt"
/* As people/bulk.c divides the memory. */
#define PACKED_SHARE 8
#define SORTING_SHARE 5
#define UNPACKED_PERCENT 65

static struct error err;

static void must(enum result r)
{
	if (r == OK)
		return;
	fprintf(stderr, "bulk_bench: %s: %s\n", err.code, err.detail);
	exit(2);
}

static double peak_mb(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)use.ru_maxrss / 1e3;
}

static double cpu(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void say(const char *what, int64_t *began, double *cpu_before)
{
	printf("%s %.1f s\n%s.cpu %.1f s\n%s.peak_memory %.0f MB\n", what, (double)(clock_monotonic() - *began) / 1e6,
	       what, cpu() - *cpu_before, what, peak_mb());
	fflush(stdout);
	*began = clock_monotonic();
	*cpu_before = cpu();
}

struct reading {
	struct match_roll roll;
	struct spool_writer packed;
	struct arena *scratch;
	struct buf bytes;
	uint64_t unpacked;
	int room;
};

static void row_add(struct reading *r, const struct evaluate_map *map, const struct str *fields, int columns)
{
	struct match_record *record;
	struct match_in in;

	if (r->roll.count == r->room) {
		r->room = r->room ? 2 * r->room : 1 << 16;
		r->roll.at = mem_realloc(r->roll.at, (size_t)r->room * sizeof(*r->roll.at));
		r->roll.order = mem_realloc(r->roll.order, (size_t)r->room * sizeof(*r->roll.order));
		if (!r->roll.at || !r->roll.order)
			exit(2);
	}
	arena_reset(r->scratch);
	must(evaluate_row(map, fields, columns, r->scratch, &in, &err));
	must(match_record_make(&in, r->scratch, &record, &err));
	buf_clear(&r->bytes);
	match_record_pack(record, &r->bytes);
	r->unpacked += sizeof(*record) + (size_t)record->word_count * sizeof(*record->words) + r->bytes.n;
	r->roll.order[r->roll.count] = record->order;
	must(spool_write(&r->packed, buf_view(&r->bytes), &r->roll.at[r->roll.count++], &err));
}

static void table_read(struct reading *r, const char *path, size_t memory)
{
	struct input *input;
	struct csv_reader *csv;
	const struct csv_row *row;
	struct str headings[EVALUATE_COLUMNS_MAX];
	struct arena *kept = arena_new(0);
	struct evaluate_map map;
	int columns = 0;

	must(spool_new(".", memory / PACKED_SHARE, &r->roll.packed, &err));
	r->packed.spool = r->roll.packed;
	r->scratch = arena_new(0);
	buf_init(&r->bytes, 0);
	must(input_open(path, &input, &err));
	csv = csv_reader_new(input, ',', CSV_UTF8);
	for (bool first = true; csv_next(csv, &row, &err) == OK && row; first = false) {
		struct str fields[EVALUATE_COLUMNS_MAX];

		for (int i = 0; first && i < row->count && i < EVALUATE_COLUMNS_MAX; i++)
			headings[columns++] = str_c(str_dup(kept, str_trim(row->fields[i])));
		if (first) {
			evaluate_map_make(&map, headings, columns, STR(TRUTH));
			continue;
		}
		for (int i = 0; i < columns; i++)
			fields[i] = i < row->count ? row->fields[i] : STR("");
		row_add(r, &map, fields, columns);
	}
	must(spool_done(&r->packed, &err));
	csv_reader_free(csv);
	arena_free(kept);
	arena_free(r->scratch);
	buf_free(&r->bytes);
}

int main(int argc, char **argv)
{
	struct reading r = { 0 };
	size_t memory = argc > 2 ? (size_t)atol(argv[2]) << 20 : PEOPLE_MEMORY;
	const struct match_pairing how = { .holders_max = HOLDERS_MAX,
		                           .memory = memory / SORTING_SHARE,
		                           .folder = "." };
	const struct match_training training = { 0 };
	struct match_model *m;
	struct match_pairs pairs;
	int64_t began = clock_monotonic();
	double before = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: bulk_bench TABLE.csv [MEMORY_MB]\n");
		return 2;
	}
	must(text_start(&err));
	table_read(&r, argv[1], memory);
	printf("records %d records\npacked %.0f bytes_a_record\nunpacked %.0f bytes_a_record\n", r.roll.count,
	       (double)spool_bytes(r.roll.packed) / r.roll.count, (double)r.unpacked / r.roll.count);
	say("reading", &began, &before);
	if (r.unpacked <= memory / 100 * UNPACKED_PERCENT)
		must(match_roll_unpack(&r.roll, 2, &err));
	must(match_train_roll(&r.roll, &training, memory / SORTING_SHARE, ".", &m, &err));
	say("training", &began, &before);
	must(match_pairs_make(&r.roll, &how, &pairs, &err));
	say("pairs", &began, &before);
	printf("keys %lld keys\nscored %lld pairs\nlinks %lld pairs\ncrowded %lld keys\n", (long long)pairs.key_count,
	       (long long)pairs.scored, (long long)pairs.link_count, (long long)pairs.crowded);
	match_pairs_free(&pairs);
	match_roll_free(&r.roll);
	match_model_free(m);
	return 0;
}
