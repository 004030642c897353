/* All records from the tables, page by page, on several threads. */
#include "people/bulk.h"

#define PARTS 64 /* of the shard keys */
#define ROUND 8  /* parts between two words of progress */
#define PAGE 1000
#define ARENA_MOST ((size_t)1 << 40)
#define FIELDS_FROM 7 /* column of the first text field */

struct part {
	struct bulk *b;
	struct arena *arena, *scratch;
	int64_t rkey, id, rkey_end; /* where the next page starts; where the part ends */
	bool more;
	int64_t *ids, *updated_at, *customers;
	struct match_record **records;
	int count, room;
};

struct page {
	struct matching_row rows[PAGE];
	int64_t ids[PAGE], updated_at[PAGE], customers[PAGE], last;
	int count;
};

static enum result part_room(struct part *p, int more, struct error *e)
{
	int room = p->room ? 2 * p->room : 4 * PAGE;
	void *ids, *updated, *customers, *records;

	if (p->count + more <= p->room)
		return OK;
	ids = mem_realloc(p->ids, (size_t)room * sizeof(*p->ids));
	p->ids = ids ? ids : p->ids;
	updated = mem_realloc(p->updated_at, (size_t)room * sizeof(*p->updated_at));
	p->updated_at = updated ? updated : p->updated_at;
	customers = mem_realloc(p->customers, (size_t)room * sizeof(*p->customers));
	p->customers = customers ? customers : p->customers;
	records = mem_realloc(p->records, (size_t)room * sizeof(*p->records));
	p->records = records ? records : p->records;
	if (!ids || !updated || !customers || !records)
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
	for (int i = 0; i < page->count; i++)
		TRY(matching_make(&page->rows[i], p->arena, &p->records[p->count + i], e));
	for (int i = 0; i < page->count; i++) {
		p->ids[p->count] = page->ids[i];
		p->updated_at[p->count] = page->updated_at[i];
		p->customers[p->count++] = page->customers[i];
	}
	p->id = page->last;
	p->rkey = id_bucket(page->last);
	return OK;
}

static enum result part_scan(void *arg, int index, struct error *e)
{
	struct part *p = (struct part *)arg + index;
	enum result r = OK;

	p->arena = arena_new(ARENA_MOST);
	p->scratch = arena_new(0);
	if (!p->arena || !p->scratch)
		r = error_nomem(e);
	for (p->more = true; r == OK && p->more;)
		r = db_read(p->b->db, page_read, p, e);
	arena_free(p->scratch);
	p->scratch = NULL;
	return r;
}

static enum result parts_join(struct bulk *b, struct part parts[PARTS], struct error *e)
{
	struct bulk_records *all = &b->all;
	size_t n = 0, at = 0;

	for (int i = 0; i < PARTS; i++)
		n += (size_t)parts[i].count;
	if (n > INT32_MAX)
		return error_set(e, ERR_TOO_LARGE, "resolve.too_many", NULL, "More than 2,147,483,647 records");
	all->ids = mem_alloc(n * sizeof(*all->ids) + 1);
	all->updated_at = mem_alloc(n * sizeof(*all->updated_at) + 1);
	all->customers = mem_alloc(n * sizeof(*all->customers) + 1);
	all->records = mem_alloc(n * sizeof(*all->records) + 1);
	all->arenas = mem_calloc(PARTS, sizeof(struct arena *));
	all->arena_counts = mem_calloc(PARTS, sizeof(*all->arena_counts));
	if (!all->ids || !all->updated_at || !all->customers || !all->records || !all->arenas || !all->arena_counts)
		return error_nomem(e);
	for (int i = 0; i < PARTS; i++) {
		struct part *p = &parts[i];
		size_t count = (size_t)p->count;

		all->arena_counts[all->arena_count] = p->count;
		all->arenas[all->arena_count++] = p->arena;
		p->arena = NULL;
		if (!count)
			continue;
		memcpy(all->ids + at, p->ids, count * sizeof(*p->ids));
		memcpy(all->updated_at + at, p->updated_at, count * sizeof(*p->updated_at));
		memcpy(all->customers + at, p->customers, count * sizeof(*p->customers));
		memcpy(all->records + at, p->records, count * sizeof(struct match_record *));
		at += count;
	}
	all->count = (int)n;
	return OK;
}

enum result bulk_scan(struct bulk *b, struct error *e)
{
	struct part *parts = mem_calloc(PARTS, sizeof(*parts));
	enum result r = parts ? OK : error_nomem(e);

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
		r = parts_join(b, parts, e);
	for (int i = 0; i < PARTS && parts; i++) {
		arena_free(parts[i].arena);
		mem_free(parts[i].ids);
		mem_free(parts[i].updated_at);
		mem_free(parts[i].customers);
		mem_free(parts[i].records);
	}
	mem_free(parts);
	return r;
}

/* The bytes of count records, in an arena that takes the place of theirs. */
static enum result part_pack(struct arena **arena, struct match_record *const *records, int count, struct str *packed,
                             struct error *e)
{
	ARENA_AUTO struct arena *own = arena_new(ARENA_MOST);
	BUF_AUTO struct buf bytes = { 0 };
	struct arena *records_arena = *arena;

	if (!own)
		return error_nomem(e);
	buf_init(&bytes, 0);
	for (int i = 0; i < count; i++) {
		buf_clear(&bytes);
		match_record_pack(records[i], &bytes);
		packed[i] = (struct str){ str_dup(own, buf_view(&bytes)), bytes.n };
		if (bytes.failed || !packed[i].p)
			return error_nomem(e);
	}
	*arena = own;
	own = records_arena;
	return OK;
}

enum result bulk_records_pack(struct bulk_records *all, struct error *e)
{
	int at = 0;

	all->packed = mem_alloc((size_t)all->count * sizeof(*all->packed) + 1);
	if (!all->packed)
		return error_nomem(e);
	for (int i = 0; i < all->arena_count; at += all->arena_counts[i++])
		TRY(part_pack(&all->arenas[i], all->records + at, all->arena_counts[i], all->packed + at, e));
	mem_free(all->records);
	all->records = NULL;
	return OK;
}

void bulk_records_free(struct bulk_records *all)
{
	for (int i = 0; i < all->arena_count; i++)
		arena_free(all->arenas[i]);
	mem_free(all->arenas);
	mem_free(all->arena_counts);
	mem_free(all->records);
	mem_free(all->packed);
	all->arenas = NULL;
	all->arena_counts = NULL;
	all->records = NULL;
	all->packed = NULL;
	all->arena_count = 0;
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
