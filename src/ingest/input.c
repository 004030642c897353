#include "ingest/csv.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#define BUFFER_BYTES (256 * 1024)

struct input {
	gzFile gz; /* reads plain files too */
	struct str text;
	char *buffer;
	size_t have, used;
	int64_t base; /* stream offset of buffer[0] */
	bool end;
	char line_end; /* '\n', or '\r' in files that know no other */
};

enum result file_size(const char *path, int64_t *bytes, struct error *e)
{
	struct stat st;
	if (stat(path, &st))
		return error_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "file.open", "path", "%s",
		                 errno == ENOENT ? "no such file" : "the file cannot be read");
	*bytes = st.st_size;
	return OK;
}

static struct input *input_new(void)
{
	struct input *in = mem_calloc(1, sizeof(*in));
	if (in)
		in->line_end = 0;
	return in;
}

enum result input_open(const char *path, struct input **out, struct error *e)
{
	int64_t bytes;
	TRY(file_size(path, &bytes, e));
	struct input *in = input_new();
	if (!in)
		return error_nomem(e);
	in->buffer = mem_alloc(BUFFER_BYTES);
	in->gz = in->buffer ? gzopen(path, "rbe") : NULL;
	if (!in->gz) {
		bool memory = !in->buffer;
		input_free(in);
		return memory ? error_nomem(e) : error_set(e, ERR_IO, "file.open", "path", "the file cannot be read");
	}
	gzbuffer(in->gz, BUFFER_BYTES);
	*out = in;
	return OK;
}

struct input *input_text(struct str text)
{
	struct input *in = input_new();
	if (!in)
		return NULL;
	in->text = text;
	in->end = true;
	in->have = text.n;
	return in;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	if (in->gz)
		gzclose_r(in->gz);
	mem_free(in->buffer);
	mem_free(in);
}

static const char *bytes_of(const struct input *in)
{
	return in->buffer ? in->buffer : in->text.p;
}

enum result input_seek(struct input *in, int64_t at, struct error *e)
{
	if (!in->gz) {
		in->used = at < 0 ? 0 : (size_t)at > in->text.n ? in->text.n : (size_t)at;
		return OK;
	}
	/* A compressed stream is read through up to there. */
	if (gzseek(in->gz, (z_off_t)at, SEEK_SET) != (z_off_t)at)
		return error_set(e, ERR_IO, "file.seek", "path", "the file is shorter than it was");
	in->base = at;
	in->have = in->used = 0;
	in->end = false;
	return OK;
}

static enum result fill(struct input *in, struct error *e)
{
	if (in->end)
		return OK;
	if (in->used) {
		memmove(in->buffer, in->buffer + in->used, in->have - in->used);
		in->have -= in->used;
		in->base += (int64_t)in->used;
		in->used = 0;
	}
	if (in->have == BUFFER_BYTES)
		return OK;
	int got = gzread(in->gz, in->buffer + in->have, (unsigned)(BUFFER_BYTES - in->have));
	int code = Z_OK;
	if (got < 0 || (gzerror(in->gz, &code), code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR))
		return error_set(e, ERR_IO, "file.read", "path",
		                 "the file cannot be read, or its compression is damaged");
	if (got == 0 && code == Z_BUF_ERROR)
		return error_set(e, ERR_IO, "file.truncated", "path", "the compressed file ends in the middle");
	in->end = got == 0;
	in->have += (size_t)got;
	return OK;
}

enum result input_line(struct input *in, size_t max, struct str *line, struct error *e)
{
	size_t searched = 0;
	if (max > BUFFER_BYTES)
		max = BUFFER_BYTES;
	for (;;) {
		const char *p = bytes_of(in) + in->used;
		size_t n = in->have - in->used;
		const char *nl =
		        n > searched ? memchr(p + searched, in->line_end ? in->line_end : '\n', n - searched) : NULL;
		if (!in->line_end && (nl || n >= 65536 || in->end)) /* old files end lines by CR alone */
			in->line_end = !nl && n && memchr(p, '\r', n) ? '\r' : '\n';
		if (!nl && in->line_end == '\r' && n)
			nl = memchr(p, '\r', n);
		if (nl || n >= max || in->end) {
			size_t take = nl ? (size_t)(nl - p) + 1 : n;
			if (take > max)
				take = max;
			*line = (struct str){ take ? p : "", take };
			in->used += take;
			return OK;
		}
		searched = n;
		TRY(fill(in, e));
	}
}

char input_line_end(const struct input *in)
{
	return in->line_end ? in->line_end : '\n';
}

int64_t input_at(const struct input *in)
{
	return in->base + (int64_t)in->used;
}

int64_t input_done(const struct input *in)
{
	return in->gz ? gzoffset(in->gz) : (int64_t)in->used;
}
