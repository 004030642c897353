#include "shop/room.h"
#include "feed/room.h"

static void drop_cache(void *arg)
{
	catalogue_touch(*(int64_t *)arg);
	shop_cache_drop();
}

enum result shop_changed(struct db_tx *tx, int64_t id, struct error *e)
{
	int64_t *what = arena_alloc(db_tx_arena(tx), sizeof(*what));
	if (!what)
		return error_nomem(e);
	*what = id;
	TRY(feed_append(tx, FEED_SHOP, 0, id, e));
	return db_after_commit(tx, drop_cache, what, e);
}

enum result shop_code_check(struct str code, size_t max, const char *field, struct error *e)
{
	if (code.n == 0)
		return error_set(e, ERR_INVALID, "code.empty", field, "a code is needed");
	if (code.n > max)
		return error_set(e, ERR_INVALID, "code.too_long", field, "at most %zu bytes", max);
	return OK;
}

void shop_copy(char *out, size_t size, struct str in)
{
	size_t n = in.n < size ? in.n : size - 1;
	while (n > 0 && n < in.n && ((unsigned char)in.p[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(out, in.p, n);
	out[n] = 0;
}

bool shop_take(char *out, size_t size, const char *in)
{
	if (!*in || !strcmp(out, in))
		return false;
	shop_copy(out, size, str_c(in));
	return true;
}

bool shop_take_int(int64_t *out, int64_t in, int64_t unknown)
{
	if (in == unknown || *out == in)
		return false;
	*out = in;
	return true;
}

DB_STMT(shop_orphan_skus, "ii", "it",
        "SELECT s.id, s.code FROM sku s LEFT JOIN product p ON p.id = s.product WHERE s.id > $1 AND p.id IS NULL "
        "ORDER BY s.id LIMIT $2")
DB_STMT(shop_orphan_associates, "ii", "it",
        "SELECT a.id, a.code FROM associate a LEFT JOIN store s ON s.id = a.store "
        "WHERE a.id > $1 AND a.store <> 0 AND s.id IS NULL ORDER BY a.id LIMIT $2")

#define CHECK_PAGE 500

struct check_page {
	const struct db_stmt *stmt;
	const char *invariant;
	room_finding_fn *finding;
	void *arg;
	int64_t after;
	int found;
};

static enum result check_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct check_page *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, c->stmt, &rows, e, DB_INT(c->after), DB_INT(CHECK_PAGE)));
	enum db_step step;
	c->found = 0;
	while ((step = db_next(rows, e)) == DB_ROW) {
		char detail[160];
		struct str code = db_text(rows, 1);
		snprintf(detail, sizeof(detail), "%.*s", STR_ARG(code));
		c->finding(c->arg, "shop", c->invariant, detail);
		c->after = db_int(rows, 0);
		c->found++;
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	static const struct {
		const struct db_stmt *stmt;
		const char *invariant;
	} checks[] = { { &shop_orphan_skus, "every SKU belongs to a product" },
		       { &shop_orphan_associates, "an associate's store exists" } };
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		struct check_page c = { checks[i].stmt, checks[i].invariant, finding, arg, 0, 0 };
		do
			TRY(db_read(db, check_page, &c, e));
		while (c.found == CHECK_PAGE);
	}
	return OK;
}

const struct room shop_room = { .name = "shop", .check = check };
