/* All records from the tables, page by page, on several threads. */
#include "people/bulk.h"
#include <stddef.h>

#define PARTS 64 /* of the shard keys */
#define ROUND 8  /* parts between two words of progress */
#define PAGE 1000
#define PACKED_SHARE 8 /* of the memory allowed: the features as bytes */
#define FIELDS_FROM 7  /* column of the first text field */

struct part {
	struct bulk *b;
	struct arena *scratch;
	struct spool_writer packed;
	struct buf bytes;
	int64_t rkey, id, rkey_end; /* where the next page starts; where the part ends */
	bool more;
	int64_t *ids, *updated_at, *customers;
	uint64_t *at, *order, unpacked;
	int count, room;
};

struct page {
	struct matching_row rows[PAGE];
	int64_t ids[PAGE], updated_at[PAGE], customers[PAGE], last;
	int count;
};

static bool grown(void *array, int room)
{
	int64_t **p = array, *more = mem_realloc(*p, (size_t)room * sizeof(**p));

	*p = more ? more : *p;
	return more;
}

static enum result part_room(struct part *p, int more, struct error *e)
{
	int room = p->room ? 2 * p->room : 4 * PAGE;

	if (p->count + more <= p->room)
		return OK;
	if (!grown(&p->ids, room) || !grown(&p->updated_at, room) || !grown(&p->customers, room) ||
	    !grown(&p->at, room) || !grown(&p->order, room))
		return error_nomem(e);
	p->room = room;
	return OK;
}

static const char *text_of(const struct db_rows *rows, int col, struct arena *a)
{
	return db_text(rows, col).n ? db_text_dup(rows, col, a) : "";
}

DB_STMT(bulk_records, "iiii", "iiiiitt" RECORD_FIELD_TYPES,
        "SELECT r.id, r.customer, r.updated_at, r.flags, r.birth, r.source, r.source_key, " RECORD_FIELDS_R " "
        "FROM person_record r WHERE (r.rkey, r.id) > ($1, $2) AND r.rkey < $3 ORDER BY r.rkey, r.id LIMIT $4")
static enum result records_read(struct db_tx *tx, struct part *p, struct page *page, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int read = 0;

	page->count = 0;
	TRY(db_query(tx, &bulk_records, &rows, e, DB_INT(p->rkey), DB_INT(p->id), DB_INT(p->rkey_end), DB_INT(PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct matching_row *row = &page->rows[page->count];
		int birth = (int)db_int(rows, 4);
		bool ok;

		read++;
		page->last = db_int(rows, 0);
		if (db_int(rows, 3) & RECORD_ERASED)
			continue;
		page->ids[page->count] = page->last;
		page->customers[page->count] = db_int(rows, 1);
		page->updated_at[page->count] = db_int(rows, 2);
		*row = (struct matching_row){ .record = { .id = page->last,
			                                  .source = text_of(rows, 5, p->scratch),
			                                  .source_key = text_of(rows, 6, p->scratch),
			                                  .birth_year = birth / 10000,
			                                  .birth_month = birth / 100 % 100,
			                                  .birth_day = birth % 100 } };
		ok = row->record.source && row->record.source_key;
		for (int f = 0; f < RF_COUNT; f++) {
			const char **field = record_field_of(&row->record, (enum record_field)f);

			*field = text_of(rows, FIELDS_FROM + f, p->scratch);
			ok = ok && *field;
		}
		if (!ok)
			return error_nomem(e);
		page->count++;
	}
	p->more = read == PAGE;
	return rows_end(step, e);
}

static enum result identifier_add(struct part *p, struct matching_row *row, const struct db_rows *rows, struct error *e)
{
	struct identifier *i;
	int64_t grade = db_int(rows, 3);

	if (!row->identifiers) {
		row->identifiers = arena_array(p->scratch, RECORD_VALUES_MAX, sizeof(*row->identifiers));
		if (!row->identifiers)
			return error_nomem(e);
	}
	if (row->identifier_count == RECORD_VALUES_MAX)
		return OK;
	i = (struct identifier *)(uintptr_t)&row->identifiers[row->identifier_count++];
	*i = (struct identifier){ .kind = (enum identifier_kind)db_int(rows, 1),
		                  .value = db_text_dup(rows, 2, p->scratch),
		                  .verified = grade == GRADE_VERIFIED,
		                  .record = row->record.id };
	if (!i->value)
		return error_nomem(e);
	i->state = identifier_state_of(i->kind, i->value, grade == GRADE_RAW, !db_is_null(rows, 4),
	                               db_int(rows, 5) != 0, (int)db_int(rows, 4));
	return OK;
}

DB_STMT(bulk_identifiers, "iiii", "iitiII",
        "SELECT i.record, i.kind, i.value, i.grade, v.state, v.manual FROM person_identifier i "
        "LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "
        "WHERE (i.rkey, i.record) > ($1, $2) AND (i.rkey, i.record) <= ($3, $4) "
        "ORDER BY i.rkey, i.record, i.kind, i.value")
static enum result identifiers_read(struct db_tx *tx, struct part *p, struct page *page, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int at = 0;

	TRY(db_query(tx, &bulk_identifiers, &rows, e, DB_INT(p->rkey), DB_INT(p->id), DB_INT(id_bucket(page->last)),
	             DB_INT(page->last)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t record = db_int(rows, 0);

		while (at < page->count && bulk_order(page->ids[at], record) < 0)
			at++;
		if (at < page->count && page->ids[at] == record)
			TRY(identifier_add(p, &page->rows[at], rows, e));
	}
	return rows_end(step, e);
}

/* Its features, as bytes, to the others. */
static enum result record_keep(struct part *p, const struct matching_row *row, int place, struct error *e)
{
	struct match_record *r;

	TRY(matching_make(row, p->scratch, &r, e));
	buf_clear(&p->bytes);
	match_record_pack(r, &p->bytes);
	if (p->bytes.failed)
		return error_nomem(e);
	p->order[place] = r->order;
	p->unpacked += sizeof(*r) + (size_t)r->word_count * sizeof(*r->words) + p->bytes.n;
	return spool_write(&p->packed, buf_view(&p->bytes), &p->at[place], e);
}

static enum result page_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct part *p = arg;
	struct page *page;

	TRY(bulk_go_on(p->b, e));
	arena_reset(p->scratch);
	page = arena_alloc(p->scratch, sizeof(*page));
	if (!page)
		return error_nomem(e);
	TRY(records_read(tx, p, page, e));
	if (!page->last)
		return OK;
	TRY(identifiers_read(tx, p, page, e));
	TRY(part_room(p, page->count, e));
	for (int i = 0; i < page->count; i++) {
		p->ids[p->count + i] = page->ids[i];
		p->updated_at[p->count + i] = page->updated_at[i];
		p->customers[p->count + i] = page->customers[i];
		TRY(record_keep(p, &page->rows[i], p->count + i, e));
	}
	p->count += page->count;
	p->id = page->last;
	p->rkey = id_bucket(page->last);
	return OK;
}

static enum result part_scan(void *arg, int index, struct error *e)
{
	struct part *p = (struct part *)arg + index;
	enum result r = OK;

	p->packed.spool = p->b->roll.packed;
	buf_init(&p->bytes, 0);
	p->scratch = arena_new(0);
	if (!p->scratch)
		r = error_nomem(e);
	for (p->more = true; r == OK && p->more;)
		r = db_read(p->b->db, page_read, p, e);
	if (r == OK)
		r = spool_done(&p->packed, e);
	spool_drop(&p->packed);
	buf_free(&p->bytes);
	arena_free(p->scratch);
	p->scratch = NULL;
	return r;
}

/* One list of all parts'. */
static enum result parts_join(const struct part parts[PARTS], size_t offset, size_t n, void *out, struct error *e)
{
	int64_t *all = mem_alloc(n * sizeof(*all) + 1);
	size_t at = 0;

	if (!all)
		return error_nomem(e);
	for (int i = 0; i < PARTS; i++) {
		const int64_t *list = *(int64_t *const *)(const void *)((const char *)&parts[i] + offset);

		if (parts[i].count)
			memcpy(all + at, list, (size_t)parts[i].count * sizeof(*all));
		at += (size_t)parts[i].count;
	}
	*(int64_t **)out = all;
	return OK;
}

static enum result parts_take(struct bulk *b, const struct part parts[PARTS], struct error *e)
{
	size_t n = 0;

	for (int i = 0; i < PARTS; i++) {
		n += (size_t)parts[i].count;
		b->unpacked += parts[i].unpacked;
	}
	if (n > INT32_MAX)
		return error_set(e, ERR_TOO_LARGE, "resolve.too_many", NULL, "More than 2,147,483,647 records");
	TRY(parts_join(parts, offsetof(struct part, ids), n, &b->all.ids, e));
	TRY(parts_join(parts, offsetof(struct part, updated_at), n, &b->all.updated_at, e));
	TRY(parts_join(parts, offsetof(struct part, customers), n, &b->all.customers, e));
	TRY(parts_join(parts, offsetof(struct part, at), n, &b->roll.at, e));
	TRY(parts_join(parts, offsetof(struct part, order), n, &b->roll.order, e));
	b->all.count = b->roll.count = (int)n;
	return OK;
}

enum result bulk_scan(struct bulk *b, struct error *e)
{
	struct part *parts = mem_calloc(PARTS, sizeof(*parts));
	enum result r = parts ? spool_new(b->folder, b->memory / PACKED_SHARE, &b->roll.packed, e) : error_nomem(e);

	for (int i = 0; i < PARTS && parts; i++)
		parts[i] = (struct part){ .b = b,
			                  .rkey = (int64_t)i * ID_BUCKETS / PARTS - 1,
			                  .id = INT64_MAX,
			                  .rkey_end = (int64_t)(i + 1) * ID_BUCKETS / PARTS };
	for (int i = 0; i < PARTS && r == OK; i += ROUND) {
		bulk_tell(b, "reading", i, PARTS);
		r = match_parallel(b->threads, ROUND, part_scan, parts + i, e);
	}
	if (r == OK)
		r = parts_take(b, parts, e);
	for (int i = 0; i < PARTS && parts; i++) {
		mem_free(parts[i].ids);
		mem_free(parts[i].updated_at);
		mem_free(parts[i].customers);
		mem_free(parts[i].at);
		mem_free(parts[i].order);
	}
	mem_free(parts);
	return r;
}

void bulk_ids_free(struct bulk_records *all)
{
	mem_free(all->ids);
	mem_free(all->updated_at);
	mem_free(all->customers);
	*all = (struct bulk_records){ 0 };
}

int bulk_find(const struct bulk_records *all, int64_t id)
{
	int low = 0, high = all->count;

	while (low < high) {
		int mid = low + (high - low) / 2;

		if (bulk_order(all->ids[mid], id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < all->count && all->ids[low] == id ? low : -1;
}
