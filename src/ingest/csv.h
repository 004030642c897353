/* A stream of rows: a file (plain or .gz) or a text, read by libcsv, with the place where each row began, so that
 * reading may go on from any row later. */
#ifndef BYNAME_INGEST_CSV_H
#define BYNAME_INGEST_CSV_H

#include "base/str.h"

/* ---- Bytes ------------------------------------------------------------------------------------------------------ */

struct input;
/* Opens a file; what zlib recognises is inflated. ERR_NOT_FOUND, ERR_IO. */
MUST_CHECK enum result input_open(const char *path, struct input **out, struct error *e);
struct input *input_text(struct str text); /* borrowed; NULL when memory is out */
void input_free(struct input *in);         /* NULL allowed */
/* Skips to this byte of the (inflated) stream. */
MUST_CHECK enum result input_seek(struct input *in, int64_t at, struct error *e);
/* The next physical line with its end, at most max bytes of it; empty at the end of the stream. The view is valid until
 * the next call. */
MUST_CHECK enum result input_line(struct input *in, size_t max, struct str *line, struct error *e);
char input_line_end(const struct input *in); /* '\n', or '\r'; known after the first line */
int64_t input_at(const struct input *in);    /* byte of the stream after the last line */
int64_t input_done(const struct input *in);  /* bytes of the file itself taken, for progress */
MUST_CHECK enum result file_size(const char *path, int64_t *bytes, struct error *e);

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

#define CSV_COLUMNS_MAX 512
#define CSV_ROW_MAX (256 * 1024) /* bytes: an open quotation mark does not swallow the file */

enum csv_encoding { CSV_UTF8, CSV_LATIN1, CSV_WINDOWS1252 };
bool csv_encoding_find(struct str name, enum csv_encoding *out);

struct csv_row {
	struct str fields[CSV_COLUMNS_MAX];
	int count;
	bool broken;         /* quotation marks that do not close, too long, too many columns, or not of the encoding */
	const char *what;    /* broken: why */
	struct str raw;      /* the bytes as they stand in the file, without the last line's end */
	int64_t start, line; /* where it begins: byte of the stream, line from 1 */
};
struct csv_reader;
/* The reader takes the input over. NULL when memory is out (the input is freed). */
struct csv_reader *csv_reader_new(struct input *in, char delimiter, enum csv_encoding encoding);
void csv_reader_free(struct csv_reader *r); /* NULL allowed */
/* Goes on from a place that a row told. */
MUST_CHECK enum result csv_reader_seek(struct csv_reader *r, int64_t at, int64_t line, struct error *e);
/* The next row that is not blank; *row is NULL at the end. Views are valid until the next call. ERR_INVALID
 * "csv.quotes" when so many rows are broken that this is no CSV file. */
MUST_CHECK enum result csv_next(struct csv_reader *r, const struct csv_row **row, struct error *e);
/* Where the next row begins. */
int64_t csv_reader_at(const struct csv_reader *r);
int64_t csv_reader_line(const struct csv_reader *r);
int64_t csv_reader_done(const struct csv_reader *r);

#endif
