/* rooms: ingest insight orders timeline people shop feed db text money base */
/* A mapping file, and after a byte 1 the file that it maps: parsed, bound, its rows made into items. */
#include "fuzz/fuzz.h"
#include "base/clock.h"
#include "ingest/rows.h"

#define ITEMS 512

static void items_hold(const struct rows *r)
{
	for (int i = 0; i < r->count; i++) {
		const struct item *it = &r->items[i];
		struct error e;
		if (it->way != ITEM_TAKE) {
			HOLD(it->way == ITEM_NOTHING || it->why.code[0]);
			continue;
		}
		HOLD(!it->person || (it->person->source_key.n && it->person->source_key.n <= 190));
		for (int k = 0; k < it->order_count; k++)
			HOLD(order_check(&it->orders[k].in, &e) == OK);
	}
}

static bool rows_read(struct rows *r, struct csv_reader *in)
{
	const struct csv_row *row;
	struct error e;
	bool same;
	while (r->count + 8 < ITEMS) {
		if (csv_next(in, &row, &e) != OK)
			return false;
		if (!row)
			break;
		if (r->section->role != ROLE_ORDERS) {
			HOLD(rows_add(r, row, &e) == OK);
			continue;
		}
		HOLD(group_same(r, row, &same, &e) == OK);
		if (!same)
			HOLD(group_close(r, &e) == OK);
		HOLD(group_add(r, row, &e) == OK);
	}
	HOLD(group_close(r, &e) == OK);
	return true;
}

static void section_try(struct section *s, struct str csv, struct arena *a)
{
	struct error e;
	const struct csv_row *row;
	struct csv_reader *in = csv_reader_new(input_text(csv), s->delimiter, s->encoding);
	HOLD(in);
	if (csv_next(in, &row, &e) == OK && row && !row->broken && section_bind(s, row->fields, row->count, &e) == OK) {
		struct rows r = { .section = s,
			          .format = STR("section 0"),
			          .header = STR("x"),
			          .columns = row->count,
			          .a = a,
			          .capacity = ITEMS };
		r.items = arena_array(a, ITEMS, sizeof(*r.items));
		HOLD(r.items);
		buf_init(&r.group.raw, 1 << 20);
		if (rows_read(&r, in))
			items_hold(&r);
		rows_free(&r);
	}
	csv_reader_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapping *m;
	struct error e;
	struct str text = { (const char *)data, size }, csv = STR("");
	const char *cut = size ? memchr(data, 1, size) : NULL;
	if (cut) {
		text.n = (size_t)(cut - text.p);
		csv = (struct str){ cut + 1, size - text.n - 1 };
	}
	struct arena *a = arena_new(0);
	HOLD(a);
	if (mapping_parse(text, a, &m, &e) == OK) {
		int n = 0;
		for (struct section *s = m->first; s && n < 3; s = s->next, n++)
			if (s->role != ROLE_EVENTS && !s->joins)
				section_try(s, csv, a);
	} else {
		HOLD(e.result == ERR_INVALID || e.result == ERR_TOO_LARGE);
		HOLD(e.code[0]);
	}
	arena_free(a);
	return 0;
}
