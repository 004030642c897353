#include "app/truth.h"

#include "base/hash.h"
#include "base/map.h"
#include "ingest/csv.h"
#include "people/people.h"

#define PAGE 500

struct comparing {
	struct map people, customers, held; /* to numbers; held: record to customer */
	int *group, *truth;
	int count, room, people_count, customer_count, unknown;
	struct record_key keys[PAGE];
	int persons[PAGE];
	int page;
	struct arena *arena; /* of the page's keys */
	int64_t after;
	bool more;
};

static enum result number_of(struct map *m, int64_t key, int *count, int *out, struct error *e)
{
	int64_t n;

	if (!map_get(m, key, &n)) {
		n = (*count)++;
		TRY(map_put(m, key, n, e));
	}
	*out = (int)n;
	return OK;
}

static enum result held_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct comparing *c = arg;
	struct membership page[PAGE];
	int count;

	TRY(membership_scan(tx, c->after, PAGE, page, &count, e));
	for (int i = 0; i < count; i++)
		TRY(map_put(&c->held, page[i].record, page[i].customer, e));
	if (count)
		c->after = page[count - 1].record;
	c->more = count == PAGE;
	return OK;
}

static enum result find_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct comparing *c = arg;
	int64_t customer;
	bool found;

	TRY(record_find_many(tx, c->keys, c->page, e));
	for (int i = 0; i < c->page; i++)
		if (!c->keys[i].record) {
			TRY(record_find(tx, c->keys[i].source, c->keys[i].source_key, &c->keys[i].record, &customer,
			                &found, e));
			if (!found)
				c->keys[i].record = 0;
		}
	return OK;
}

static enum result page_take(struct db *db, struct comparing *c, struct error *e)
{
	if (c->count + c->page > c->room) {
		int room = 2 * c->room + PAGE, *group, *truth;

		group = mem_realloc(c->group, (size_t)room * sizeof(*group));
		c->group = group ? group : c->group;
		truth = mem_realloc(c->truth, (size_t)room * sizeof(*truth));
		c->truth = truth ? truth : c->truth;
		if (!group || !truth)
			return error_nomem(e);
		c->room = room;
	}
	TRY(db_read(db, find_page, c, e));
	for (int i = 0; i < c->page; i++) {
		int64_t customer = c->keys[i].record;

		if (!customer) {
			c->unknown++;
			continue;
		}
		(void)map_get(&c->held, customer, &customer);
		TRY(number_of(&c->customers, customer, &c->customer_count, &c->group[c->count], e));
		c->truth[c->count++] = c->persons[i];
	}
	c->page = 0;
	arena_reset(c->arena);
	return OK;
}

struct columns {
	int source, key, person;
};

static enum result columns_find(const struct csv_row *row, struct columns *at, struct error *e)
{
	*at = (struct columns){ -1, -1, -1 };
	for (int i = 0; i < row->count; i++) {
		struct str h = str_trim(row->fields[i]);

		if (str_is(h, "source"))
			at->source = i;
		else if (str_is(h, "key") || str_is(h, "source_key"))
			at->key = i;
		else if (str_is(h, "person") || str_is(h, "truth"))
			at->person = i;
	}
	if (at->source < 0 || at->key < 0 || at->person < 0)
		return error_set(e, ERR_INVALID, "truth.columns", NULL,
		                 "The truth needs the columns source, key and person");
	return OK;
}

static enum result rows_take(struct db *db, struct comparing *c, struct csv_reader *csv, struct error *e)
{
	const struct csv_row *row;
	struct columns at;

	for (bool first = true;; first = false) {
		struct record_key *k = &c->keys[c->page];
		struct str person;

		TRY(csv_next(csv, &row, e));
		if (!row)
			break;
		if (first) {
			TRY(columns_find(row, &at, e));
			continue;
		}
		if (row->count <= at.source || row->count <= at.key || row->count <= at.person)
			continue;
		person = row->fields[at.person];
		*k = (struct record_key){ .source = str_c(str_dup(c->arena, row->fields[at.source])),
			                  .source_key = str_c(str_dup(c->arena, row->fields[at.key])) };
		if (!k->source.p || !k->source_key.p)
			return error_nomem(e);
		TRY(number_of(&c->people, (int64_t)hash64_str(person, 1), &c->people_count, &c->persons[c->page], e));
		if (!person.n) { /* nobody's: a household's browser */
			continue;
		}
		if (++c->page == PAGE)
			TRY(page_take(db, c, e));
	}
	return c->page ? page_take(db, c, e) : OK;
}

static enum result compare(struct db *db, const char *path, struct comparing *c, struct evaluate_figures *out,
                           struct error *e)
{
	struct input *input;
	struct csv_reader *csv;
	enum result r;
	int people = 0;

	for (c->more = true; c->more;)
		TRY(db_read(db, held_page, c, e));
	TRY(input_open(path, &input, e));
	csv = csv_reader_new(input, ',', CSV_UTF8);
	if (!csv)
		return error_nomem(e);
	r = rows_take(db, c, csv, e);
	csv_reader_free(csv);
	TRY(r);
	map_free(&c->people); /* numbers from 0 of those who have a record here */
	map_init(&c->people);
	for (int i = 0; i < c->count; i++)
		TRY(number_of(&c->people, c->truth[i], &people, &c->truth[i], e));
	return evaluate_groups(c->group, c->truth, c->count, out, e);
}

enum result truth_compare(struct db *db, const char *path, struct evaluate_figures *out, int *unknown, struct error *e)
{
	struct comparing *c = mem_calloc(1, sizeof(*c));
	enum result r;

	if (!c)
		return error_nomem(e);
	map_init(&c->people);
	map_init(&c->customers);
	map_init(&c->held);
	c->arena = arena_new(0);
	r = c->arena ? compare(db, path, c, out, e) : error_nomem(e);
	*unknown = c->unknown;
	map_free(&c->people);
	map_free(&c->customers);
	map_free(&c->held);
	arena_free(c->arena);
	mem_free(c->group);
	mem_free(c->truth);
	mem_free(c);
	return r;
}
