/* Another file of the same import, in memory, by one of its columns. */
#include "ingest/import.h"
#include "base/hash.h"

#define JOIN_BYTES (256u << 20)

struct join_row {
	struct str *fields;
	int count;
	struct join_row *next;
};
struct join_table {
	struct arena *a;
	struct join_row **buckets;
	size_t capacity, count;
	struct str *columns;
	int column_count, by;
};

void join_free(struct join *j)
{
	if (!j->table)
		return;
	mem_free(j->table->buckets);
	arena_free(j->table->a);
	mem_free(j->table);
	j->table = NULL;
}

static struct str *keep(struct arena *a, const struct csv_row *row)
{
	struct str *f = arena_array(a, (size_t)row->count + 1, sizeof(*f));
	for (int i = 0; f && i < row->count; i++) {
		char *copy = arena_strndup(a, row->fields[i].p, row->fields[i].n);
		if (!copy)
			return NULL;
		f[i] = (struct str){ copy, row->fields[i].n };
	}
	return f;
}

static size_t slot_of(const struct join_table *t, struct str key)
{
	return hash64_str(key, 0) & (t->capacity - 1);
}

static bool grow(struct join_table *t)
{
	size_t capacity = t->capacity ? 2 * t->capacity : 1024;
	struct join_row **buckets = mem_calloc(capacity, sizeof(*buckets));
	if (!buckets)
		return false;
	struct join_row **old = t->buckets;
	size_t n = t->capacity;
	t->buckets = buckets;
	t->capacity = capacity;
	for (size_t i = 0; i < n; i++)
		for (struct join_row *r = old[i], *next; r; r = next) {
			struct join_row **at = &t->buckets[slot_of(t, str_trim(r->fields[t->by]))];
			next = r->next;
			r->next = *at;
			*at = r;
		}
	mem_free(old);
	return true;
}

static enum result add_row(struct join_table *t, const struct csv_row *row, struct error *e)
{
	if (row->broken || row->count != t->column_count)
		return OK; /* as a row of its own section it becomes a dead letter */
	struct join_row *r = arena_alloc(t->a, sizeof(*r));
	if (!r || (t->count >= t->capacity && !grow(t)))
		return error_nomem(e);
	r->fields = keep(t->a, row);
	r->count = row->count;
	if (!r->fields)
		return error_nomem(e);
	struct join_row **at = &t->buckets[slot_of(t, str_trim(r->fields[t->by]))];
	r->next = *at;
	*at = r;
	t->count++;
	return OK;
}

static enum result read_table(struct join *j, struct csv_reader *r, struct error *e)
{
	struct join_table *t = j->table;
	const struct csv_row *row;
	TRY(csv_next(r, &row, e));
	if (!row)
		return error_set(e, ERR_INVALID, "mapping.join", "mapping", "a joined file is empty");
	t->columns = keep(t->a, row);
	t->column_count = row->count;
	if (!t->columns)
		return error_nomem(e);
	t->by = join_column(j, j->by);
	if (t->by < 0)
		return error_set(e, ERR_INVALID, "mapping.column", "mapping", "the joined file has no column \"%.*s\"",
		                 (int)(j->by.n > 80 ? 80 : j->by.n), j->by.p);
	for (;;) {
		TRY(csv_next(r, &row, e));
		if (!row)
			return OK;
		TRY(add_row(t, row, e));
	}
}

enum result join_load(struct join *j, const char *path, const struct section *s, struct error *e)
{
	struct input *in;
	TRY(input_open(path, &in, e));
	struct csv_reader *r = csv_reader_new(in, s->delimiter, s->encoding);
	if (!r)
		return error_nomem(e);
	j->table = mem_calloc(1, sizeof(*j->table));
	if (j->table)
		j->table->a = arena_new(JOIN_BYTES);
	enum result result = j->table && j->table->a ? read_table(j, r, e) : error_nomem(e);
	csv_reader_free(r);
	if (result != OK)
		join_free(j);
	return result;
}

const struct str *join_find(const struct join *j, struct str key, int *count)
{
	if (!j->table || !j->table->capacity)
		return NULL;
	for (const struct join_row *r = j->table->buckets[slot_of(j->table, key)]; r; r = r->next)
		if (str_eq(str_trim(r->fields[j->table->by]), key)) {
			*count = r->count;
			return r->fields;
		}
	return NULL;
}

int join_column(const struct join *j, struct str name)
{
	for (int i = 0; j->table && i < j->table->column_count; i++)
		if (str_eq(str_trim(j->table->columns[i]), name))
			return i;
	return -1;
}
