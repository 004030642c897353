/* The catalogue in memory, to be searched as somebody types: a view of product and sku, built at the first search and
 * kept current by what shop_changed() and the feed say has changed. Always droppable. Exact codes and barcodes do not
 * come from here: the database knows them. */
#include "shop/room.h"
#include "base/map.h"
#include "text/text.h"

#include <pthread.h>
#include <stdlib.h>

#define TOUCHED_MAX 2000          /* changes that are taken in one by one; beyond, all is read anew */
#define ANEW_EVERY_US (10 * USEC) /* … at most so often, while an import changes everything */
#define PAGE 5000                 /* SKUs read in one transaction */
#define WORDS_MAX 8
#define WORD_BYTES 64
#define TEXT_BYTES 640 /* of one SKU's folded text; longer ones are cut */

enum weight { IN_CODE = 1, IN_WORDS = 2, WHOLE = 2, NOT_PROVISIONAL = 1 };

struct row {
	int64_t id, product;
	uint64_t letters;                /* which beginnings of words there are: most rows are ruled out by it */
	char *text;                      /* " title brand … \x01 code " folded */
	unsigned short product_n, codes; /* what its product gives of it; where the codes begin */
	bool provisional;
	char size[32], colour[48];
};

static struct catalogue {
	pthread_rwlock_t lock;
	struct row *rows;
	size_t count, cap;
	struct map at;       /* id → index + 1 */
	const struct db *db; /* whose it is; NULL: nothing is loaded */
} all = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static struct touched {
	pthread_mutex_t lock;
	int64_t ids[TOUCHED_MAX];
	int count;
	bool everything;
} touched = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_mutex_t refreshing = PTHREAD_MUTEX_INITIALIZER; /* one at a time; others search what is there */
static int64_t read_anew_at;

void catalogue_touch(int64_t id)
{
	pthread_mutex_lock(&touched.lock);
	if (touched.count && touched.ids[touched.count - 1] == id)
		; /* again */
	else if (touched.count < TOUCHED_MAX)
		touched.ids[touched.count++] = id;
	else
		touched.everything = true;
	pthread_mutex_unlock(&touched.lock);
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static uint64_t letter_bit(const char *word)
{
	unsigned char a = (unsigned char)word[0], b = (unsigned char)word[1];
	return b && b != ' ' ? UINT64_C(1) << ((a * 31u + b) & 63) : 0;
}

static uint64_t letters_of(const char *text)
{
	uint64_t bits = 0;
	for (const char *p = text; (p = strchr(p, ' ')); p++)
		bits |= letter_bit(p + 1);
	return bits;
}

static size_t text_append(char *text, size_t n, struct str raw)
{
	char folded[TEXT_FOLD_BYTES];
	size_t m = text_fold(raw, folded);
	if (!m || n + 2 > TEXT_BYTES)
		return n;
	if (m > TEXT_BYTES - n - 2)
		m = TEXT_BYTES - n - 2;
	memcpy(text + n, folded, m);
	text[n + m] = ' ';
	return n + m + 1;
}

#define ROW_COLS                                                                                                       \
	"s.id, s.product, s.size, s.colour, s.provisional, s.code, p.title, p.brand, p.category, p.subcategory, "      \
	"p.code FROM sku s JOIN product p ON p.id = s.product "
#define ROW_TYPES "iittitttttt"

static bool row_read(const struct db_rows *r, struct row *out)
{
	enum { SIZE = 2, COLOUR = 3, CODE = 5, TITLE = 6, SUBCATEGORY = 9, PRODUCT_CODE = 10 };
	char text[TEXT_BYTES + 1] = " ";
	size_t n = 1, product_n;
	for (int i = TITLE; i <= SUBCATEGORY; i++)
		n = text_append(text, n, db_text(r, i));
	product_n = n;
	n = text_append(text, n, db_text(r, COLOUR));
	n = text_append(text, n, db_text(r, SIZE));
	*out = (struct row){ .id = db_int(r, 0),
		             .product = db_int(r, 1),
		             .provisional = db_int(r, 4) != 0,
		             .product_n = (unsigned short)product_n,
		             .codes = (unsigned short)n };
	n = text_append(text, n, db_text(r, CODE));
	if (!str_eq(db_text(r, CODE), db_text(r, PRODUCT_CODE)))
		n = text_append(text, n, db_text(r, PRODUCT_CODE));
	text[n] = 0;
	shop_copy(out->size, sizeof(out->size), db_text(r, SIZE));
	shop_copy(out->colour, sizeof(out->colour), db_text(r, COLOUR));
	out->letters = letters_of(text);
	out->text = mem_strdup(text);
	return out->text;
}

static void rows_free(struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mem_free(rows[i].text);
	mem_free(rows);
}

/* Rows as they are read, before they are taken over. */
struct batch {
	struct row *rows;
	size_t count, cap;
	int64_t after;
	int page; /* rows of the last page */
	const int64_t *ids;
	int id_count;
};

static enum result batch_take(struct batch *b, struct db_rows *r, struct error *e)
{
	enum db_step step;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (b->count == b->cap) {
			size_t cap = b->cap ? b->cap * 2 : 256;
			struct row *more = mem_realloc(b->rows, cap * sizeof(*more));
			if (!more)
				return error_nomem(e);
			b->rows = more;
			b->cap = cap;
		}
		if (!row_read(r, &b->rows[b->count]))
			return error_nomem(e);
		b->count++;
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(catalogue_page, "ii", ROW_TYPES, "SELECT " ROW_COLS "WHERE s.id > $1 ORDER BY s.id LIMIT $2")

static enum result page_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	while (b->count && b->rows[b->count - 1].id > b->after) /* it runs again */
		mem_free(b->rows[--b->count].text);
	size_t before = b->count;
	TRY(db_query(tx, &catalogue_page, &r, e, DB_INT(b->after), DB_INT(PAGE)));
	TRY(batch_take(b, r, e));
	b->page = (int)(b->count - before);
	return OK;
}

/* What was touched is an SKU: its product may have changed for all of its SKUs. */
DB_STMT(catalogue_product, "i", ROW_TYPES,
        "SELECT " ROW_COLS "WHERE s.product = (SELECT t.product FROM sku t WHERE t.id = $1)")

static enum result product_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	(void)run;
	return batch_take(arg, r, e);
}

static enum result touched_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)b->id_count + 1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	while (b->count)
		mem_free(b->rows[--b->count].text);
	for (int i = 0; i < b->id_count; i++)
		v[i] = DB_INT(b->ids[i]);
	return db_each(tx, &catalogue_product, v, b->id_count, product_take, b, e);
}

/* ---- Keeping it current ------------------------------------------------------------------------------------------ */

/* Under the write lock. */
static enum result row_put(struct row *row, struct error *e)
{
	int64_t at;
	if (map_get(&all.at, row->id, &at)) {
		mem_free(all.rows[at - 1].text);
		all.rows[at - 1] = *row;
		row->text = NULL;
		return OK;
	}
	if (all.count == all.cap) {
		size_t cap = all.cap ? all.cap * 2 : 1024;
		struct row *more = mem_realloc(all.rows, cap * sizeof(*more));
		if (!more)
			return error_nomem(e);
		all.rows = more;
		all.cap = cap;
	}
	TRY(map_put(&all.at, row->id, (int64_t)all.count + 1, e));
	all.rows[all.count++] = *row;
	row->text = NULL;
	return OK;
}

static void forget(void)
{
	rows_free(all.rows, all.count);
	map_free(&all.at);
	map_init(&all.at);
	all.rows = NULL;
	all.count = all.cap = 0;
	all.db = NULL;
}

void catalogue_drop(void)
{
	pthread_rwlock_wrlock(&all.lock);
	forget();
	pthread_rwlock_unlock(&all.lock);
}

static enum result take_over(const struct db *db, struct batch *b, bool anew, struct error *e)
{
	enum result r = OK;
	pthread_rwlock_wrlock(&all.lock);
	if (anew)
		forget();
	for (size_t i = 0; i < b->count && r == OK; i++)
		r = row_put(&b->rows[i], e);
	if (r == OK)
		all.db = db;
	else
		forget(); /* half of it is worse than none: the next search reads it anew */
	pthread_rwlock_unlock(&all.lock);
	return r;
}

static enum result read_all(struct db *db, struct batch *b, struct error *e)
{
	do {
		TRY(db_read(db, page_read, b, e));
		b->after = b->count ? b->rows[b->count - 1].id : 0;
	} while (b->page == PAGE);
	read_anew_at = clock_monotonic();
	return OK;
}

/* Changes are taken off the list before they are read, so that what comes meanwhile is read the next time. */
static enum result refresh(struct db *db, bool loaded, struct error *e)
{
	int64_t ids[TOUCHED_MAX];
	struct batch b = { .ids = ids };
	pthread_mutex_lock(&touched.lock);
	bool anew = !loaded || touched.everything;
	if (loaded && anew && clock_monotonic() - read_anew_at < ANEW_EVERY_US) {
		pthread_mutex_unlock(&touched.lock);
		return OK;
	}
	memcpy(ids, touched.ids, (size_t)touched.count * sizeof(*ids));
	b.id_count = touched.count;
	touched.count = 0;
	touched.everything = false;
	pthread_mutex_unlock(&touched.lock);
	if (!anew && !b.id_count)
		return OK;
	enum result r = anew ? read_all(db, &b, e) : db_read(db, touched_read, &b, e);
	if (r == OK)
		r = take_over(db, &b, anew, e);
	if (r != OK) {
		pthread_mutex_lock(&touched.lock);
		touched.everything = true;
		pthread_mutex_unlock(&touched.lock);
		read_anew_at = clock_monotonic() - ANEW_EVERY_US;
	}
	rows_free(b.rows, b.count);
	return r;
}

static bool loaded_for(const struct db *db)
{
	pthread_rwlock_rdlock(&all.lock);
	bool yes = all.db == db;
	pthread_rwlock_unlock(&all.lock);
	return yes;
}

static enum result bring_up(struct db *db, struct error *e)
{
	enum result r = OK;
	bool loaded = loaded_for(db);
	if (!loaded)
		pthread_mutex_lock(&refreshing);
	else if (pthread_mutex_trylock(&refreshing))
		return OK; /* somebody does; what is there serves */
	r = refresh(db, loaded_for(db), e);
	pthread_mutex_unlock(&refreshing);
	return r;
}

/* ---- Searching --------------------------------------------------------------------------------------------------- */

struct ask {
	char word[WORDS_MAX][WORD_BYTES]; /* each with a blank before it */
	uint64_t letters;
	int words;
};
struct found {
	const struct row *row;
	int score;
};

static bool ask_read(struct str text, struct ask *out)
{
	char folded[TEXT_FOLD_BYTES];
	struct str rest = { folded, text_fold(text, folded) }, word;
	*out = (struct ask){ 0 };
	while (out->words < WORDS_MAX && str_split(&rest, ' ', &word))
		if (word.n && word.n < WORD_BYTES - 1) {
			char *w = out->word[out->words++];
			w[0] = ' ';
			memcpy(w + 1, word.p, word.n);
			out->letters |= letter_bit(w + 1);
		}
	return out->words;
}

/* 0: not all words are there. */
static int score(const struct row *row, const struct ask *ask)
{
	int sum = row->provisional ? 0 : NOT_PROVISIONAL;
	if ((row->letters & ask->letters) != ask->letters)
		return 0;
	for (int i = 0; i < ask->words; i++) {
		size_t n = strlen(ask->word[i]);
		int best = 0;
		for (const char *p = row->text; (p = strstr(p, ask->word[i])); p++) {
			int s = (p + 1 - row->text >= row->codes ? IN_CODE : IN_WORDS) + (p[n] == ' ' ? WHOLE : 0);
			best = s > best ? s : best;
			if (best == IN_WORDS + WHOLE)
				break;
		}
		if (!best)
			return 0;
		sum += best;
	}
	return sum;
}

static int found_compare(const struct found *a, const struct found *b)
{
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	/* products by their text, which begins with the title */
	int by = str_cmp((struct str){ a->row->text, a->row->product_n },
	                 (struct str){ b->row->text, b->row->product_n });
	if (!by && a->row->product != b->row->product)
		by = a->row->product < b->row->product ? -1 : 1;
	by = by ? by : strcmp(a->row->colour, b->row->colour);
	by = by ? by : size_compare(a->row->size, b->row->size);
	return by ? by : a->row->id < b->row->id ? -1 : 1;
}

enum result sku_find(struct db *db, struct str text, int limit, int64_t *out, int *count, struct error *e)
{
	struct ask ask;
	struct found best[SKU_FIND_MAX];
	int n = 0;
	*count = 0;
	if (!ask_read(text, &ask))
		return OK;
	limit = limit < SKU_FIND_MAX ? limit : SKU_FIND_MAX;
	TRY(bring_up(db, e));
	pthread_rwlock_rdlock(&all.lock);
	for (size_t i = 0; i < all.count; i++) {
		struct found f = { &all.rows[i], score(&all.rows[i], &ask) };
		if (!f.score || (n == limit && found_compare(&f, &best[n - 1]) > 0))
			continue;
		int k = n < limit ? n++ : n - 1;
		for (; k && found_compare(&f, &best[k - 1]) < 0; k--)
			best[k] = best[k - 1];
		best[k] = f;
	}
	for (int i = 0; i < n; i++)
		out[i] = best[i].row->id;
	*count = n;
	pthread_rwlock_unlock(&all.lock);
	return OK;
}

/* ---- Hearing of changes ------------------------------------------------------------------------------------------ */

static enum result hear(void *ctx, struct db *db, const struct feed_event *events, size_t count, struct error *e)
{
	(void)ctx, (void)db, (void)e;
	for (size_t i = 0; i < count; i++)
		if (events[i].topic == FEED_SHOP)
			catalogue_touch(events[i].ref);
	shop_cache_drop();
	return OK;
}

const struct feed_process shop_feed = { .name = "shop", .topics = 1u << FEED_SHOP, .apply = hear };
