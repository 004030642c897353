#include "ingest/csv.h"
#include <csv.h>

/* More rows than this whose quotation marks do not close: this is no CSV file. */
#define BROKEN_MAX 1000

struct csv_reader {
	struct input *in;
	struct csv_parser parser;
	enum csv_encoding encoding;
	struct csv_row row;
	struct buf raw;   /* the physical lines of the row so far */
	struct buf cells; /* its fields, one after the other */
	size_t ends[CSV_COLUMNS_MAX];
	int columns, rows_seen, broken_rows;
	size_t first_line; /* bytes of raw's first physical line */
	int lines;         /* physical lines in raw */
	int64_t start, line;
	/* After a row that does not end: its further lines, read again. */
	struct buf again;
	size_t again_used;
};

bool csv_encoding_find(struct str name, enum csv_encoding *out)
{
	static const struct {
		const char *name;
		enum csv_encoding e;
	} names[] = { { "utf-8", CSV_UTF8 },
		      { "utf8", CSV_UTF8 },
		      { "latin-1", CSV_LATIN1 },
		      { "iso-8859-1", CSV_LATIN1 },
		      { "windows-1252", CSV_WINDOWS1252 } };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_is(name, names[i].name)) {
			*out = names[i].e;
			return true;
		}
	return false;
}

/* Only what ends the lines that rows are read from ends a row: an import goes on at a row's first byte, and must find
 * the same rows there. The other one of the two is a blank. */
static int is_lf(unsigned char c)
{
	return c == '\n';
}

static int is_cr(unsigned char c)
{
	return c == '\r';
}

static int blank_of_lf(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int blank_of_cr(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Once the input knows how its lines end. */
static void parser_line_end(struct csv_reader *r)
{
	bool cr = input_line_end(r->in) == '\r';
	csv_set_term_func(&r->parser, cr ? is_cr : is_lf);
	csv_set_space_func(&r->parser, cr ? blank_of_cr : blank_of_lf);
}

static void parser_start(struct csv_reader *r, char delimiter)
{
	csv_init(&r->parser, 0);
	csv_set_delim(&r->parser, (unsigned char)delimiter);
	/* Blanks are trimmed by whoever reads the field: quoted ones may matter. */
	csv_set_realloc_func(&r->parser, mem_realloc);
	csv_set_free_func(&r->parser, mem_free);
}

struct csv_reader *csv_reader_new(struct input *in, char delimiter, enum csv_encoding encoding)
{
	struct csv_reader *r = in ? mem_calloc(1, sizeof(*r)) : NULL;
	if (!r) {
		input_free(in);
		return NULL;
	}
	r->in = in;
	r->encoding = encoding;
	r->line = 1;
	parser_start(r, delimiter);
	buf_init(&r->raw, 2 * CSV_ROW_MAX);
	buf_init(&r->cells, 4 * CSV_ROW_MAX);
	buf_init(&r->again, 4 * CSV_ROW_MAX);
	return r;
}

void csv_reader_free(struct csv_reader *r)
{
	if (!r)
		return;
	input_free(r->in);
	csv_free(&r->parser);
	buf_free(&r->raw);
	buf_free(&r->cells);
	buf_free(&r->again);
	mem_free(r);
}

static void parser_reset(struct csv_reader *r)
{
	unsigned char delimiter = csv_get_delim(&r->parser);
	csv_free(&r->parser);
	parser_start(r, (char)delimiter);
}

enum result csv_reader_seek(struct csv_reader *r, int64_t at, int64_t line, struct error *e)
{
	TRY(input_seek(r->in, at, e));
	parser_reset(r);
	buf_clear(&r->again);
	r->again_used = 0;
	r->start = at;
	r->line = line;
	return OK;
}

/* ---- Characters ------------------------------------------------------------------------------------------------- */

static void add_rune(struct buf *b, unsigned c)
{
	char u[3];
	if (c < 0x80) {
		buf_char(b, (char)c);
	} else if (c < 0x800) {
		u[0] = (char)(0xc0 | c >> 6);
		u[1] = (char)(0x80 | (c & 0x3f));
		buf_add(b, u, 2);
	} else {
		u[0] = (char)(0xe0 | c >> 12);
		u[1] = (char)(0x80 | (c >> 6 & 0x3f));
		u[2] = (char)(0x80 | (c & 0x3f));
		buf_add(b, u, 3);
	}
}

/* 0x80 to 0x9f of Windows-1252; 0: not in use. */
static const unsigned short windows[32] = { 0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
	                                    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178 };

static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80 || !s.p[i])
			return false;
	return true;
}

static void add_cell(struct csv_reader *r, struct str s)
{
	if (plain(s)) {
		buf_add(&r->cells, s.p, s.n);
	} else if (r->encoding == CSV_UTF8) {
		if (!str_utf8_valid(s)) {
			r->row.broken = true;
			r->row.what = "not UTF-8: state the encoding in the mapping";
		}
		buf_add(&r->cells, s.p, s.n);
	} else {
		for (size_t i = 0; i < s.n; i++) {
			unsigned c = (unsigned char)s.p[i];
			if (r->encoding == CSV_WINDOWS1252 && c >= 0x80 && c < 0xa0)
				c = windows[c - 0x80];
			if (c == 0) {
				r->row.broken = true;
				r->row.what = "a character that the encoding does not know";
			}
			add_rune(&r->cells, c);
		}
	}
}

static void on_field(void *p, size_t n, void *arg)
{
	struct csv_reader *r = arg;
	if (r->columns == CSV_COLUMNS_MAX) {
		r->row.broken = true;
		r->row.what = "too many columns";
		return;
	}
	add_cell(r, (struct str){ p, n });
	r->ends[r->columns++] = r->cells.n;
}

static void on_row(int c, void *arg)
{
	(void)c;
	struct csv_reader *r = arg;
	r->rows_seen++;
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static enum result next_line(struct csv_reader *r, struct str *line, struct error *e)
{
	if (r->again_used < r->again.n) {
		const char *p = r->again.p + r->again_used;
		const char *nl = memchr(p, input_line_end(r->in), r->again.n - r->again_used);
		size_t n = nl ? (size_t)(nl - p) + 1 : r->again.n - r->again_used;
		*line = (struct str){ p, n };
		r->again_used += n;
		return OK;
	}
	return input_line(r->in, CSV_ROW_MAX, line, e);
}

static void row_begin(struct csv_reader *r)
{
	buf_clear(&r->raw);
	buf_clear(&r->cells);
	r->columns = r->rows_seen = r->lines = 0;
	r->row.broken = false;
	r->row.what = NULL;
	r->first_line = 0;
}

static struct str line_body(struct str s)
{
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* The row is what stands in raw up to `bytes`; the next begins after it. */
static void row_end(struct csv_reader *r, size_t bytes, int lines)
{
	struct csv_row *row = &r->row;
	size_t from = 0;
	row->count = r->columns;
	for (int i = 0; i < r->columns; i++) {
		row->fields[i] = (struct str){ r->cells.p ? r->cells.p + from : "", r->ends[i] - from };
		from = r->ends[i];
	}
	row->raw = line_body((struct str){ r->raw.p, bytes });
	row->start = r->start;
	row->line = r->line;
	r->start += (int64_t)bytes;
	r->line += lines;
}

/* A quotation mark that does not close: the first line is given up, the others are read again. */
static enum result row_break(struct csv_reader *r, const char *what, struct error *e)
{
	if (++r->broken_rows > BROKEN_MAX)
		return error_set(e, ERR_INVALID, "csv.quotes", "path",
		                 "too many rows whose quotation marks do not close");
	struct buf rest;
	buf_init(&rest, 4 * CSV_ROW_MAX);
	buf_add(&rest, r->raw.p + r->first_line, r->raw.n - r->first_line);
	if (r->again_used < r->again.n)
		buf_add(&rest, r->again.p + r->again_used, r->again.n - r->again_used);
	if (rest.failed) {
		buf_free(&rest);
		return error_nomem(e);
	}
	buf_free(&r->again);
	r->again = rest;
	r->again_used = 0;
	parser_reset(r);
	r->columns = 0;
	r->row.broken = true;
	r->row.what = what;
	row_end(r, r->first_line, 1);
	return OK;
}

static bool cells_kept(struct csv_reader *r)
{
	return !r->raw.failed && !r->cells.failed && csv_error(&r->parser) == CSV_SUCCESS;
}

/* The stream ended: what is left is a row, whole or not. */
static enum result row_last(struct csv_reader *r, const struct csv_row **row, struct error *e)
{
	*row = NULL;
	if (!r->raw.n)
		return OK;
	bool open = r->parser.quoted && r->parser.pstate != 0;
	/* In state 3 the field's closing mark has been seen. */
	if (open && r->parser.pstate == 2) {
		TRY(row_break(r, "a quotation mark does not close", e));
		*row = &r->row;
		return OK;
	}
	csv_fini(&r->parser, on_field, on_row, r);
	if (!cells_kept(r))
		return error_nomem(e);
	if (!r->rows_seen)
		return OK;
	row_end(r, r->raw.n, r->lines);
	*row = &r->row;
	return OK;
}

enum result csv_next(struct csv_reader *r, const struct csv_row **row, struct error *e)
{
	row_begin(r);
	for (;;) {
		struct str line;
		TRY(next_line(r, &line, e));
		if (!line.n)
			return row_last(r, row, e);
		struct str feed = line;
		if (r->start == 0 && !r->raw.n && feed.n >= 3 && !memcmp(feed.p, "\xef\xbb\xbf", 3))
			feed = (struct str){ feed.p + 3, feed.n - 3 };
		buf_add(&r->raw, line.p, line.n);
		r->lines++;
		if (r->lines == 1)
			r->first_line = line.n;
		parser_line_end(r);
		size_t took = csv_parse(&r->parser, feed.p, feed.n, on_field, on_row, r);
		if (took != feed.n || !cells_kept(r))
			return error_nomem(e);
		if (r->rows_seen) {
			row_end(r, r->raw.n, r->lines);
			*row = &r->row;
			return OK;
		}
		if (r->raw.n > CSV_ROW_MAX) {
			TRY(row_break(r, "a quotation mark does not close, or the row is too long", e));
			*row = &r->row;
			return OK;
		}
		if (!line_body(feed).n && r->lines == 1 && !r->parser.quoted) { /* a blank line */
			r->start += (int64_t)r->raw.n;
			r->line++;
			row_begin(r);
		}
	}
}

int64_t csv_reader_at(const struct csv_reader *r)
{
	return r->start;
}

int64_t csv_reader_line(const struct csv_reader *r)
{
	return r->line;
}

int64_t csv_reader_done(const struct csv_reader *r)
{
	return input_done(r->in);
}
