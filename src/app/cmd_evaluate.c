/* byname evaluate identity: how good resolving is on a table whose truth is known. No database. */
#include "app/app.h"
#include "app/figures.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "ingest/csv.h"
#include "text/text.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#define ARENA (8ull << 30)
#define WORST 10
#define WORST_MAX 1000

struct evaluate_args {
	const char *path, *truth, *model, *print_model;
	int worst;
	bool json, named;
};

struct table {
	struct arena *arena;
	struct match_record **records;
	int *truth; /* numbers of people */
	int count, room, people;
	struct map numbers;
};

/* ---- Reading ------------------------------------------------------------------------------------------------------
 */

static enum result table_room(struct table *t, struct error *e)
{
	int room = t->room ? 2 * t->room : 1024;
	struct match_record **records;
	int *truth;

	if (t->count < t->room)
		return OK;
	records = mem_realloc(t->records, (size_t)room * sizeof(*records));
	t->records = records ? records : t->records;
	truth = mem_realloc(t->truth, (size_t)room * sizeof(*truth));
	t->truth = truth ? truth : t->truth;
	if (!records || !truth)
		return error_nomem(e);
	t->room = room;
	return OK;
}

static enum result table_add(struct table *t, const struct match_in *in, struct str person, struct error *e)
{
	int64_t key = (int64_t)hash64_str(person, 1), n = t->people;

	TRY(table_room(t, e));
	if (!map_get(&t->numbers, key, &n)) {
		TRY(map_put(&t->numbers, key, n, e));
		t->people++;
	}
	TRY(match_record_make(in, t->arena, &t->records[t->count], e));
	t->truth[t->count++] = (int)n;
	return OK;
}

struct heading {
	struct evaluate_map map;
	struct str names[EVALUATE_COLUMNS_MAX];
	int count, truth;
};

static enum result heading_read(struct heading *h, const struct csv_row *row, const char *truth, struct arena *a,
                                struct error *e)
{
	h->truth = -1;
	for (h->count = 0; h->count < row->count && h->count < EVALUATE_COLUMNS_MAX; h->count++) {
		h->names[h->count] = str_c(str_dup(a, str_trim(row->fields[h->count])));
		if (!h->names[h->count].p)
			return error_nomem(e);
		if (str_is(h->names[h->count], truth))
			h->truth = h->count;
	}
	if (h->truth < 0)
		return error_set(e, ERR_INVALID, "evaluate.truth", NULL, "No column of the table is called %s", truth);
	evaluate_map_make(&h->map, h->names, h->count, str_c(truth));
	return OK;
}

static enum result rows_read(struct table *t, struct csv_reader *csv, const char *truth, struct arena *scratch,
                             struct error *e)
{
	struct heading *h = arena_alloc(t->arena, sizeof(*h));
	const struct csv_row *row;

	if (!h)
		return error_nomem(e);
	for (bool first = true;; first = false) {
		struct str fields[EVALUATE_COLUMNS_MAX];
		struct match_in in;

		TRY(csv_next(csv, &row, e));
		if (!row)
			break;
		if (first) {
			TRY(heading_read(h, row, truth, t->arena, e));
			continue;
		}
		arena_reset(scratch);
		for (int i = 0; i < h->count; i++)
			fields[i] = i < row->count ? row->fields[i] : STR("");
		TRY(evaluate_row(&h->map, fields, h->count, scratch, &in, e));
		TRY(table_add(t, &in, fields[h->truth], e));
	}
	if (!t->count)
		return error_set(e, ERR_INVALID, "evaluate.empty", NULL, "The table has no rows");
	return OK;
}

static enum result table_read(struct table *t, const struct evaluate_args *a, struct error *e)
{
	ARENA_AUTO struct arena *scratch = arena_new(0);
	struct input *input;
	struct csv_reader *csv;
	enum result r;

	if (!scratch)
		return error_nomem(e);
	TRY(input_open(a->path, &input, e));
	csv = csv_reader_new(input, ',', CSV_UTF8);
	if (!csv)
		return error_nomem(e);
	r = rows_read(t, csv, a->truth, scratch, e);
	csv_reader_free(csv);
	return r;
}

static enum result file_read(const char *path, struct buf *out, struct error *e)
{
	struct input *input;
	struct str line = { 0 };
	enum result r;

	TRY(input_open(path, &input, e));
	do {
		r = input_line(input, 1 << 20, &line, e);
		buf_add(out, line.p, line.n);
	} while (r == OK && line.n);
	input_free(input);
	return r == OK && out->failed ? error_nomem(e) : r;
}

/* ---- Model --------------------------------------------------------------------------------------------------------
 */

static enum result model_make(const struct evaluate_args *a, struct table *t, struct match_model **m, struct error *e)
{
	BUF_AUTO struct buf text;

	buf_init(&text, 0);
	if (!a->model)
		return match_train(t->records, t->count, NULL, m, e);
	TRY(file_read(a->model, &text, e));
	TRY(match_model_read(buf_view(&text), m, e));
	for (int i = 0; i < t->count; i++)
		match_record_bind(*m, t->records[i]);
	return OK;
}

static enum result model_write(const struct match_model *m, const char *path, struct error *e)
{
	BUF_AUTO struct buf text;
	FILE *f = fopen(path, "w");

	buf_init(&text, 0);
	match_model_print(m, &text);
	if (text.failed)
		return error_nomem(e);
	if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
		return error_set(e, ERR_IO, "evaluate.write", NULL, "%s: %s", path, strerror(errno));
	return OK;
}

/* ---- Figures ------------------------------------------------------------------------------------------------------
 */

static void print_wrong(const struct match_model *m, const struct table *t, const struct evaluate_wrong *w)
{
	const struct match_record *a = t->records[w->a], *b = t->records[w->b];
	struct match_evidence ev[MATCH_EVIDENCE_MAX];
	int n, score = match_score(m, a, b, ev, &n);

	printf("\n%s  %.*s %.*s | %.*s %.*s  %.2f\n",
	       w->merged ? "Merged, two people:" : "Split, one person: ", STR_ARG(match_record_source(a)),
	       STR_ARG(match_record_source_key(a)), STR_ARG(match_record_source(b)),
	       STR_ARG(match_record_source_key(b)), score / 1000.0);
	for (int i = 0; i < n; i++)
		printf("  %7.2f  %s%s%s: %s  (%.*s | %.*s)\n", ev[i].weight / 1000.0, ev[i].comparison,
		       ev[i].kind[0] ? " " : "", ev[i].kind, ev[i].level, STR_ARG(ev[i].a), STR_ARG(ev[i].b));
}

static enum result worst_print(const struct match_model *m, const struct table *t, const int *group, int limit,
                               struct error *e)
{
	struct evaluate_wrong *wrong = mem_alloc(2 * (size_t)limit * sizeof(*wrong) + 1);
	int n = 0;
	enum result r = wrong ? OK : error_nomem(e);

	if (r == OK)
		r = evaluate_worst(m, t->records, group, t->truth, t->count, limit, wrong, &n, e);
	for (int i = 0; i < n && r == OK; i++)
		print_wrong(m, t, &wrong[i]);
	mem_free(wrong);
	return r;
}

static enum result figures_say(const struct evaluate_args *a, const struct evaluate_figures *f, struct error *e)
{
	BUF_AUTO struct buf b;
	struct json_writer w;

	buf_init(&b, 0);
	if (!a->json) {
		figures_print(f, "", stdout);
		return OK;
	}
	jw_init(&w, &b);
	figures_json(f, &w);
	if (b.failed)
		return error_nomem(e);
	printf("%s\n", b.p);
	return OK;
}

static enum result evaluate(const struct evaluate_args *a, struct table *t, struct match_model **m, int **group,
                            struct error *e)
{
	struct match_bulk bulk = { 0 };
	struct match_bulk_result result;
	struct evaluate_figures figures;
	int64_t began = clock_monotonic();

	TRY(text_start(e));
	TRY(table_read(t, a, e));
	TRY(model_make(a, t, m, e));
	if (a->print_model)
		TRY(model_write(*m, a->print_model, e));
	*group = mem_alloc((size_t)t->count * sizeof(**group));
	if (!*group)
		return error_nomem(e);
	bulk.records = t->records;
	bulk.record_count = t->count;
	TRY(match_resolve(*m, &bulk, *group, &result, e));
	TRY(evaluate_groups(*group, t->truth, t->count, &figures, e));
	TRY(figures_say(a, &figures, e));
	if (a->json)
		return OK;
	printf("%lld pairs scored, %.1f s\n", (long long)result.pairs,
	       (double)(clock_monotonic() - began) / (double)USEC);
	return worst_print(*m, t, *group, a->worst, e);
}

/* ---- Command ------------------------------------------------------------------------------------------------------
 */

enum { KEY_PRINT_MODEL = 0x100 };

static const struct argp_option options[] = {
	{ "truth", 't', "COLUMN", 0, "The column that says who each row is", 0 },
	{ "model", 'm', "FILE", 0, "This model instead of one trained from the table", 0 },
	{ "print-model", KEY_PRINT_MODEL, "FILE", 0, "Write the model there, as text that can be edited", 0 },
	{ "worst", 'w', "N", 0, "Show the worst N of each sort of mistake (10)", 0 },
	{ "json", 'j', NULL, 0, "The figures as JSON", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct evaluate_args *a = state->input;
	int64_t n;

	switch (key) {
	case 't':
		a->truth = arg;
		return 0;
	case 'm':
		a->model = arg;
		return 0;
	case KEY_PRINT_MODEL:
		a->print_model = arg;
		return 0;
	case 'w':
		if (!str_to_i64(str_c(arg), &n) || n < 0 || n > WORST_MAX)
			argp_error(state, "from 0 to %d", WORST_MAX);
		a->worst = (int)n;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0 && strcmp(arg, "identity") == 0)
			a->named = true;
		else if (a->named && !a->path)
			a->path = arg;
		else
			argp_usage(state);
		return 0;
	case ARGP_KEY_END:
		if (!a->path || !a->truth)
			argp_error(state, "evaluate identity FILE --truth COLUMN");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int evaluate_run(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		"identity FILE",
		"Finds out who is one person in a CSV file (also .gz) whose truth is known, and how good that is: "
		"precision, "
		"recall and F1 over pairs and B³, false merges, the worst mistakes with their evidence. Headings such "
		"as "
		"given_name, surname, dob, email, postcode are understood; other columns are compared as they are.",
		NULL,
		NULL,
		NULL
	};
	struct evaluate_args a = { .worst = WORST };
	struct table t = { .arena = arena_new(ARENA) };
	struct match_model *m = NULL;
	struct error e = { 0 };
	int *group = NULL;
	enum result r;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	map_init(&t.numbers);
	r = t.arena ? evaluate(&a, &t, &m, &group, &e) : error_nomem(&e);
	match_model_free(m);
	mem_free(group);
	mem_free(t.records);
	mem_free(t.truth);
	map_free(&t.numbers);
	arena_free(t.arena);
	return r == OK ? EXIT_OK : app_fail(&e);
}

const struct command cmd_evaluate[] = {
	{ "evaluate", "How good resolving is on a table whose truth is known", evaluate_run },
	{ 0 },
};
