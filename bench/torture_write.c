/* The run: household after household, shuffled within a window, as CSV. */
#include "torture_world.h"
#include "base/hash.h"
#include <stdlib.h>

#define LINE_BYTES 4096
#define OUT_BYTES ((size_t)1 << 20)
/* About, so that the cashier's records spread over the whole: */
#define RECORDS_A_PERSON 2.2
#define TILL_WITHOUT_EMAIL .35 /* of the records */
#define CASHIER_SHARE .9       /* at most, of all cashiers' values, one's */

struct writer {
	struct world world;
	FILE *out;
	char *buf;
	size_t n;
	struct waiting {
		char *line;
		size_t n;
	} * window; /* lines that wait for their turn */
	size_t waiting;
	uint64_t rnd; /* of the shuffle */
	struct household household;
	struct torture_record records[RECORDS_MAX];
	bool failed;
};

static void flush_out(struct writer *t)
{
	if (t->n && fwrite(t->buf, 1, t->n, t->out) != t->n)
		t->failed = true;
	t->world.tally->digest = hash64(t->buf, t->n, t->world.tally->digest);
	t->world.tally->bytes += (int64_t)t->n;
	t->n = 0;
}

static void out_line(struct writer *t, const char *line, size_t n)
{
	if (t->n + n > OUT_BYTES)
		flush_out(t);
	memcpy(t->buf + t->n, line, n);
	t->n += n;
}

/* In the window's place of somebody else, who goes. */
static void window_put(struct writer *t, const char *line, size_t n)
{
	if (t->world.config->window < 2) {
		out_line(t, line, n);
		return;
	}
	struct waiting new = { mem_alloc(n), n };
	if (!new.line) {
		t->failed = true;
		return;
	}
	memcpy(new.line, line, n);
	if (t->waiting < t->world.config->window) {
		t->window[t->waiting++] = new;
		return;
	}
	size_t at = mix64(t->rnd++) % t->waiting;
	out_line(t, t->window[at].line, t->window[at].n);
	mem_free(t->window[at].line);
	t->window[at] = new;
}

static void window_drain(struct writer *t)
{
	while (t->waiting) {
		size_t at = mix64(t->rnd++) % t->waiting;

		if (!t->failed)
			out_line(t, t->window[at].line, t->window[at].n);
		mem_free(t->window[at].line);
		t->window[at] = t->window[--t->waiting];
	}
}

/* ---- A line ------------------------------------------------------------------------------------------------------ */

static char *add_field(char *at, const char *s)
{
	const char *end = s;

	while (*end && *end != ',' && *end != '"')
		*at++ = *end++;
	if (*end) {
		at -= end - s;
		*at++ = '"';
		for (; *s; s++) {
			if (*s == '"')
				*at++ = '"';
			*at++ = *s;
		}
		*at++ = '"';
	}
	*at++ = ',';
	return at;
}

/* The number of a record as a key that tells nothing: one to one below 2^40. */
static char *add_key(char *at, int64_t record)
{
	return text_number(at, (uint64_t)record * 0x9E3779B97Fu & 0xFFFFFFFFFFu, 16, 10);
}

static void record_put(struct writer *t, const struct torture_record *r, int64_t household, int slot)
{
	static const char *const sources[SOURCES] = { "till,", "web,", "loyalty,", "callcentre,", "chat," };
	struct torture_tally *tally = t->world.tally;
	char line[LINE_BYTES], *at = text_add(line, sources[r->source]);

	at = add_key(at, tally->records);
	*at++ = ',';
	for (int f = 0; f < FIELDS; f++)
		at = add_field(at, r->field[f]);
	*at++ = 'p';
	at = text_number(at, (uint64_t)household, 10, 1);
	*at++ = '-';
	at = text_number(at, (unsigned)slot, 10, 1);
	*at++ = ',';
	*at++ = 'h';
	at = text_number(at, (uint64_t)household, 10, 1);
	*at++ = ',';
	for (uint64_t dirt = r->dirt; dirt; dirt &= dirt - 1) {
		int k = __builtin_ctzll(dirt);

		at = text_add(at, kind_table[k].name);
		*at++ = ' ';
		tally->carried[k]++;
	}
	at -= r->dirt != 0;
	*at++ = '\n';
	*at = '\0';
	tally->clean += !r->dirt;
	tally->records++;
	window_put(t, line, (size_t)(at - line));
}

/* ---- The run ---------------------------------------------------------------------------------------------------- */

static bool done(const struct writer *t)
{
	const struct torture_config *c = t->world.config;

	return t->failed || (c->people ? t->world.tally->people >= c->people : t->world.tally->records >= c->records);
}

static void households_write(struct writer *t)
{
	struct world *w = &t->world;

	for (int64_t index = 0; !done(t); index++) {
		household_make(w, index, &t->household);
		for (int slot = 0; slot < t->household.count && !done(t); slot++) {
			const struct person *p = &t->household.people[slot];
			enum source sources[RECORDS_MAX];
			int n = person_sources(w, &t->household, p, sources), seen[SOURCES] = { 0 };

			w->tally->people++;
			if (w->config->records && n > w->config->records - w->tally->records)
				n = (int)(w->config->records - w->tally->records);
			for (int i = 0; i < n; i++)
				record_make(w, &t->household, p, sources[i], seen[sources[i]]++, t->records + i);
			records_lone(t->records, n);
			for (int i = 0; i < n; i++)
				record_put(t, t->records + i, index, slot);
		}
	}
}

static void writer_free(struct writer *t)
{
	if (!t)
		return;
	while (t->window && t->waiting)
		mem_free(t->window[--t->waiting].line);
	mem_free(t->window);
	mem_free(t->buf);
	tables_free(&t->world.tables);
	mem_free(t);
}

static enum result writer_run(struct writer *t, struct error *e)
{
	const struct torture_config *c = t->world.config;
	double records = c->records ? (double)c->records : (double)c->people * RECORDS_A_PERSON;
	double cashiers = records * TILL_WITHOUT_EMAIL * c->rates[CASHIER_EMAIL] + 1;
	double share = (double)c->cashier_records * 1.01 / cashiers;

	t->buf = mem_alloc(OUT_BYTES);
	t->window = mem_calloc(c->window + 1, sizeof(*t->window));
	if (!t->buf || !t->window)
		return error_nomem(e);
	TRY(tables_load(&t->world.tables, c->data, e));
	t->world.cashier_share = share < CASHIER_SHARE ? share : CASHIER_SHARE;
	t->rnd = mix64(c->seed) << 8;
	out_line(t, TORTURE_HEADER, strlen(TORTURE_HEADER));
	households_write(t);
	window_drain(t);
	flush_out(t);
	struct torture_tally *tally = t->world.tally;
	tally->cashier_top = t->world.cashier_email[0] > t->world.cashier_phone[0] ? t->world.cashier_email[0]
	                                                                           : t->world.cashier_phone[0];
	if (t->failed || fflush(t->out) != 0)
		return error_set(e, ERR_IO, "torture.write", NULL, "the records cannot be written");
	return OK;
}

enum result torture_write(const struct torture_config *c, FILE *out, struct torture_tally *tally, struct error *e)
{
	struct writer *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return error_nomem(e);
	*tally = (struct torture_tally){ 0 };
	t->world.config = c;
	t->world.tally = tally;
	t->out = out;
	enum result r = writer_run(t, e);
	writer_free(t);
	return r;
}
