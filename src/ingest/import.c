/* Imports: files to items to rows, batch by batch; where it stands commits with the rows. */
#include "ingest/loader.h"
#include "ingest/room.h"

#define BATCH_ROOM 4096 /* items: a batch's rows, each perhaps a dead letter, and the group it ends with */
#define PART_ROWS 1000  /* an order with more rows is told in parts */
#define LINE_MAX_BYTES 65536
/* A batch's size follows the time that it takes: a transaction ends soon where others wait for their turn, and within
 * a second on a slow machine where nobody does. */
#define BATCH_FIRST 100
#define BATCH_LEAST 8
static const struct pace {
	int most;
	int64_t quick_us, slow_us;
} pace_shared = { 500, 60000, 200000 }, pace_alone = { LOAD_DOCS, 300000, 800000 };

struct import {
	struct db *db;
	struct plan plan;
	struct job job;
	import_progress_fn *progress;
	void *arg;
	struct pace pace;
	struct load *loads[2], *now; /* now: the one that is gathered, the other may be under way */
	struct loader *loader;
	struct rows rows;     /* gathers into now */
	int most;             /* items, or messages, in a batch */
	int64_t bytes_before; /* of the files before this one */
	struct place given;   /* where the import stands when all that was given is written */
	bool stopped;
	int64_t next_bytes;
};

/* ---- Committing ------------------------------------------------------------------------------------------------- */

static void report(struct import *im, const char *phase)
{
	struct import_progress p = { .job = im->job.id,
		                     .bytes_done = im->job.bytes_done,
		                     .bytes_total = im->plan.bytes_total,
		                     .lines = im->job.lines,
		                     .started_at = im->job.started_at,
		                     .counts = im->job.counts,
		                     .phase = phase };
	if (im->progress && !im->progress(im->arg, &p))
		im->stopped = true;
}

static const char *phase_of(const struct import *im)
{
	static const char *const names[SECTION_ROLES] = { "stores", "associates", "products", "rates", "customers",
		                                          "orders", "events",     "stock",    "prices" };
	return names[im->plan.steps[im->job.at.step].section->role];
}

static void pace(struct import *im, int64_t took)
{
	const struct pace *p = &im->pace;
	if (took > p->slow_us && im->most > BATCH_LEAST)
		im->most /= 2;
	else if (took < p->quick_us && im->most < p->most)
		im->most = im->most * 2 < p->most ? im->most * 2 : p->most;
}

static bool is_full(const struct import *im)
{
	return im->rows.count >= im->most || im->rows.taken >= 2 * im->most;
}

/* What was given is in the database now: the import stands there. */
static enum result settle(struct import *im, struct error *e)
{
	struct load *l;
	TRY(loader_wait(im->loader, &l, e));
	if (!l)
		return OK;
	pace(im, l->took_us);
	ingest_counts_add(&im->job.counts, &l->counts);
	im->job.at = l->next;
	im->job.bytes_done = l->bytes;
	im->job.lines = l->lines;
	load_reset(l);
	if (im->job.at.step < im->plan.step_count)
		report(im, phase_of(im));
	return OK;
}

static void gather(struct import *im, struct load *l)
{
	im->now = l;
	im->rows.a = l->a;
	im->rows.items = l->items;
	im->rows.count = im->rows.taken = 0;
}

/* All that is gathered so far may be written without what follows. */
static void mark(struct import *im, struct place at, int64_t bytes, int64_t lines)
{
	if (im->rows.count)
		im->now->marks[im->rows.count - 1] = (struct mark){ true, at, im->bytes_before + bytes, lines };
}

/* Gives what is gathered to the loader, and that the import then stands at `next`. */
static enum result commit(struct import *im, struct place next, int64_t bytes, int64_t lines, struct error *e)
{
	struct load *l = im->now;
	TRY(settle(im, e));
	l->job = im->job.id;
	l->count = im->rows.count;
	l->from = im->given;
	l->next = im->given = next;
	l->bytes = im->bytes_before + bytes;
	l->lines = lines;
	loader_give(im->loader, l);
	gather(im, im->loads[l == im->loads[0]]);
	return OK;
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

static enum result header(struct import *im, struct step *step, struct csv_reader *r, struct error *e)
{
	const struct csv_row *row;
	TRY(csv_next(r, &row, e));
	if (!row || row->broken)
		return error_set(e, ERR_INVALID, "csv.header", "path", "the file has no header line");
	TRY(section_bind(step->section, row->fields, row->count, e));
	BUF_AUTO struct buf b;
	buf_init(&b, 1 << 20);
	char delimiter[2] = { step->section->delimiter, 0 };
	for (int i = 0; i < row->count; i++) {
		buf_str(&b, i ? delimiter : "");
		buf_char(&b, '"');
		for (size_t k = 0; k < row->fields[i].n; k++) {
			if (row->fields[i].p[k] == '"')
				buf_char(&b, '"');
			buf_char(&b, row->fields[i].p[k]);
		}
		buf_char(&b, '"');
	}
	char *copy = b.failed ? NULL : arena_strndup(im->plan.a, b.p, b.n);
	if (!copy)
		return error_nomem(e);
	im->rows.header = (struct str){ copy, b.n };
	im->rows.columns = row->count;
	char *format = arena_printf(im->plan.a, "section %d", (int)(step - im->plan.steps));
	im->rows.format = str_c(format);
	return format ? OK : error_nomem(e);
}

static enum result add_order_row(struct import *im, const struct csv_row *row, int64_t *lines, struct error *e)
{
	struct rows *r = &im->rows;
	bool same;
	bool full =
	        r->group.row_count >= (r->section->inherit ? ORDER_LINES_MAX : PART_ROWS) || r->count + 4 > BATCH_ROOM;
	TRY(group_same(r, row, &same, e));
	if (r->group.open && (!same || full))
		TRY(group_close(r, e));
	struct place here = { im->given.step, row->start, row->line };
	if (!r->group.open && is_full(im)) /* the row itself is the reader's: it stays valid */
		TRY(commit(im, here, im->next_bytes, *lines, e));
	else if (!r->group.open)
		mark(im, here, im->next_bytes, *lines);
	TRY(group_add(r, row, e));
	++*lines;
	return OK;
}

static enum result add_plain_row(struct import *im, struct csv_reader *in, const struct csv_row *row, int64_t *lines,
                                 struct error *e)
{
	TRY(rows_add(&im->rows, row, e));
	++*lines;
	struct place next = { im->given.step, csv_reader_at(in), csv_reader_line(in) };
	if (is_full(im))
		return commit(im, next, csv_reader_done(in), *lines, e);
	mark(im, next, csv_reader_done(in), *lines);
	return OK;
}

static enum result csv_rows(struct import *im, struct csv_reader *in, struct error *e)
{
	bool orders = im->rows.section->role == ROLE_ORDERS;
	int64_t lines = im->job.lines;
	while (!im->stopped) {
		const struct csv_row *row;
		TRY(csv_next(in, &row, e));
		im->next_bytes = csv_reader_done(in);
		if (!row) {
			TRY(group_close(&im->rows, e));
			return commit(im, (struct place){ im->given.step + 1, 0, 1 }, csv_reader_done(in), lines, e);
		}
		TRY(orders ? add_order_row(im, row, &lines, e) : add_plain_row(im, in, row, &lines, e));
	}
	return OK;
}

static enum result load_joins(struct import *im, struct step *step, struct error *e)
{
	for (struct join *j = step->section->joins; j; j = j->next) {
		char path[IMPORT_PATH_BYTES];
		TRY(plan_file(&im->plan, j->file, path, e));
		TRY(join_load(j, path, step->section, e));
	}
	return OK;
}

static enum result csv_step(struct import *im, struct step *step, struct error *e)
{
	struct input *in;
	TRY(load_joins(im, step, e));
	TRY(input_open(step->path, &in, e));
	struct csv_reader *r = csv_reader_new(in, step->section->delimiter, step->section->encoding);
	if (!r)
		return error_nomem(e);
	enum result result = header(im, step, r, e);
	if (result == OK && im->job.at.byte)
		result = csv_reader_seek(r, im->job.at.byte, im->job.at.line, e);
	im->rows.section = step->section;
	im->rows.group.open = false;
	if (result == OK)
		result = csv_rows(im, r, e);
	csv_reader_free(r);
	return result;
}

/* ---- JSON Lines ------------------------------------------------------------------------------------------------- */

static enum result event_dead(struct item *it, struct str raw, int64_t line, const struct section *s,
                              const struct error *why)
{
	*it = (struct item){ .raw = raw, .line = line, .lines = 1, .source = s->source, .format = STR("segment") };
	item_dead(it, why);
	return OK;
}

static enum result event_add(struct import *im, const struct section *s, struct str text, bool cut, int64_t line,
                             struct error *e)
{
	struct item *it = &im->rows.items[im->rows.count++];
	char *copy = arena_strndup(im->now->a, text.p, text.n);
	struct error why;
	if (!copy)
		return error_nomem(e);
	struct str raw = { copy, text.n };
	if (card_found(raw))
		card_mask(copy, raw.n);
	if (cut) {
		error_set(&why, ERR_TOO_LARGE, "message.too_large", NULL, "a line has at most %d bytes",
		          LINE_MAX_BYTES);
		return event_dead(it, raw, line, s, &why);
	}
	struct json *doc;
	enum result result = json_parse(raw, NULL, &doc, &why);
	if (result != OK && result != ERR_NOMEM)
		return event_dead(it, raw, line, s, &why);
	if (result != OK)
		return error_nomem(e);
	im->now->docs[im->now->doc_count++] = doc;
	struct segment_from f = { .from = { .source = s->source, .received_at = im->plan.said_at }, .file = true };
	*it = (struct item){ .raw = raw, .line = line };
	return segment_item(&f, -1, doc, im->now->a, it, e);
}

/* A line too long to be kept: the rest of it is skipped, its beginning is a dead letter. */
static enum result skip_rest(struct input *in, struct str *line, struct error *e)
{
	do
		TRY(input_line(in, LINE_MAX_BYTES, line, e));
	while (line->n == LINE_MAX_BYTES && line->p[line->n - 1] != '\n');
	return OK;
}

static enum result event_lines(struct import *im, struct input *in, const struct section *s, struct error *e)
{
	int64_t lines = im->job.lines, at = im->job.at.line;
	while (!im->stopped) {
		struct str line, rest;
		TRY(input_line(in, LINE_MAX_BYTES, &line, e));
		if (!line.n)
			break;
		bool cut = line.n == LINE_MAX_BYTES && line.p[line.n - 1] != '\n';
		struct str text = str_trim(line);
		if (at == 1 && text.n >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3))
			text = (struct str){ text.p + 3, text.n - 3 };
		if (text.n)
			TRY(event_add(im, s, text, cut, at, e));
		lines += text.n > 0;
		at++;
		if (cut)
			TRY(skip_rest(in, &rest, e));
		struct place next = { im->given.step, input_at(in), at };
		if (is_full(im))
			TRY(commit(im, next, input_done(in), lines, e));
		else
			mark(im, next, input_done(in), lines);
	}
	if (im->stopped)
		return OK;
	return commit(im, (struct place){ im->given.step + 1, 0, 1 }, input_done(in), lines, e);
}

static enum result event_step(struct import *im, struct step *step, struct error *e)
{
	struct input *in;
	TRY(input_open(step->path, &in, e));
	enum result result = im->job.at.byte ? input_seek(in, im->job.at.byte, e) : OK;
	if (result == OK)
		result = event_lines(im, in, step->section, e);
	input_free(in);
	return result;
}

/* ---- All of it -------------------------------------------------------------------------------------------------- */

static enum result step_run(struct import *im, struct step *step, struct error *e)
{
	struct error late;
	enum result read = step->section->role == ROLE_EVENTS ? event_step(im, step, e) : csv_step(im, step, e);
	/* what is being written points into what was joined */
	enum result written = settle(im, read == OK ? e : &late);
	for (struct join *j = step->section->joins; j; j = j->next)
		join_free(j);
	return read == OK ? written : read;
}

static enum result steps(struct import *im, struct error *e)
{
	for (int i = 0; i < im->job.at.step && i < im->plan.step_count; i++)
		im->bytes_before += im->plan.steps[i].bytes;
	while (im->job.at.step < im->plan.step_count && !im->stopped) {
		struct step *step = &im->plan.steps[im->job.at.step];
		TRY(step_run(im, step, e));
		if (!im->stopped)
			im->bytes_before += step->bytes;
	}
	return OK;
}

static enum result run(struct import *im, struct error *e)
{
	struct ingest_counts settled = { 0 };
	report(im, "starting");
	TRY(steps(im, e));
	if (im->stopped && im->job.at.step < im->plan.step_count)
		return job_state(im->db, im->job.id, IMPORT_STOPPED, "", NULL, e);
	TRY(parts_settle(im->db, im->job.id, &settled, e));
	im->job.counts.orders_changed += settled.orders_changed;
	im->job.bytes_done = im->plan.bytes_total;
	TRY(job_state(im->db, im->job.id, IMPORT_DONE, "", &settled, e));
	im->job.state = IMPORT_DONE;
	report(im, "done");
	return OK;
}

static void outcome(const struct import *im, struct import_progress *out)
{
	*out = (struct import_progress){ .job = im->job.id,
		                         .bytes_done = im->job.bytes_done,
		                         .bytes_total = im->plan.bytes_total,
		                         .lines = im->job.lines,
		                         .started_at = im->job.started_at,
		                         .counts = im->job.counts,
		                         .phase = im->job.state == IMPORT_DONE ? "done" : "stopped" };
}

/* A fault that ends the import stands on its job, so that whoever looks at the list sees why. */
static void note_failure(struct import *im, const struct error *why)
{
	struct error ignored;
	char problem[320];
	snprintf(problem, sizeof(problem), "%.40s %.60s: %.200s", why->code, why->field, why->detail);
	if (job_state(im->db, im->job.id, IMPORT_FAILED, problem, NULL, &ignored) != OK)
		return;
}

static void import_free(struct import *im)
{
	loader_free(im->loader);
	load_free(im->loads[0]);
	load_free(im->loads[1]);
	rows_free(&im->rows);
}

static enum result prepare(struct import *im, struct error *e)
{
	im->most = BATCH_FIRST;
	im->given = im->job.at;
	im->rows = (struct rows){ .capacity = BATCH_ROOM, .said_at = im->plan.said_at };
	buf_init(&im->rows.group.raw, 1 << 20);
	for (int i = 0; i < 2; i++)
		if (!(im->loads[i] = load_new(BATCH_ROOM)))
			return error_nomem(e);
	gather(im, im->loads[0]);
	return loader_new(im->db, &im->loader, e);
}

enum result import_run(struct db *db, const struct import_config *config, import_progress_fn *progress, void *arg,
                       struct import_progress *out, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct import *im = a ? arena_alloc(a, sizeof(*im)) : NULL;
	if (!im)
		return error_nomem(e);
	im->db = db;
	im->progress = progress;
	im->arg = arg;
	im->pace = config->alone ? pace_alone : pace_shared;
	TRY(plan_make(config, a, &im->plan, e));
	TRY(job_open(db, &im->plan, config->restart, &im->job, e));
	if (im->job.state != IMPORT_DONE) {
		enum result result = prepare(im, e);
		if (result == OK)
			result = run(im, e);
		import_free(im);
		if (result != OK) {
			note_failure(im, e);
			return result;
		}
	}
	outcome(im, out);
	return OK;
}
