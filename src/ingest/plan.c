/* Which mapping and which files an import is made of. */
#include "ingest/import.h"
#include "ingest/room.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1u << 20)

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), k = strlen(with);
	return n >= k && !strcmp(path + n - k, with);
}

/* A name inside a folder: never one that leads out of it. */
static bool join_path(char out[IMPORT_PATH_BYTES], const char *folder, struct str name, const char *tail)
{
	if (!name.n || memchr(name.p, '/', name.n) || str_is(name, ".."))
		return false;
	int n = snprintf(out, IMPORT_PATH_BYTES, "%s/%.*s%s", folder, STR_ARG(name), tail);
	return n > 0 && n < IMPORT_PATH_BYTES;
}

enum result plan_file(const struct plan *p, struct str name, char path[IMPORT_PATH_BYTES], struct error *e)
{
	char folder[IMPORT_PATH_BYTES];
	snprintf(folder, sizeof(folder), "%s", p->path);
	const char *in = is_folder(p->path) ? folder : dirname(folder);
	if ((join_path(path, in, name, "") && is_file(path)) || (join_path(path, in, name, ".gz") && is_file(path)))
		return OK;
	return error_set(e, ERR_NOT_FOUND, "import.file", "path", "the folder lacks the file %.*s",
	                 (int)(name.n > 80 ? 80 : name.n), name.p);
}

/* ---- Which mapping ---------------------------------------------------------------------------------------------- */

static enum result read_text(const char *path, struct arena *a, struct str *out, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "mapping.open", "format",
		                 "no built-in format and no mapping file of that name");
	char *text = arena_alloc(a, MAPPING_MAX + 1);
	ssize_t n = 0, got;
	while (text && n <= MAPPING_MAX && (got = read(fd, text + n, (size_t)(MAPPING_MAX + 1 - n))) > 0)
		n += got;
	close(fd);
	if (!text)
		return error_nomem(e);
	*out = (struct str){ text, (size_t)n };
	return OK;
}

static enum result header_of(const char *path, char delimiter, struct csv_reader **r, const struct csv_row **row,
                             struct error *e)
{
	struct input *in;
	TRY(input_open(path, &in, e));
	*r = csv_reader_new(in, delimiter, CSV_LATIN1);
	return *r ? csv_next(*r, row, e) : error_nomem(e);
}

/* Whether a built-in mapping reads this path: all its files are there, or the one file has its columns. */
static enum result fits(struct plan *p, const struct mapping *m, bool *yes, struct error *e)
{
	char path[IMPORT_PATH_BYTES];
	*yes = false;
	if (is_folder(p->path)) {
		int files = 0;
		for (const struct section *s = m->first; s; s = s->next, files++)
			if (!s->file.n || plan_file(p, s->file, path, e) != OK)
				return OK;
		*yes = files > 0;
		return OK;
	}
	if (m->section_count != 1 || m->first->role == ROLE_EVENTS)
		return OK;
	struct csv_reader *r = NULL;
	const struct csv_row *row = NULL;
	enum result result = header_of(p->path, m->first->delimiter, &r, &row, e);
	*yes = result == OK && row && section_fits(m->first, row->fields, row->count);
	csv_reader_free(r);
	return result == ERR_NOMEM || result == ERR_IO ? result : OK;
}

static enum result guess(struct plan *p, struct str *text, struct error *e)
{
	for (const struct mapping_file *f = mapping_files; f->name; f++) {
		ARENA_AUTO struct arena *a = arena_new(0);
		struct mapping *m;
		bool yes;
		if (!a)
			return error_nomem(e);
		TRY(mapping_parse(str_c(f->text), a, &m, e));
		TRY(fits(p, m, &yes, e));
		if (!yes)
			continue;
		snprintf(p->format, sizeof(p->format), "%s", f->name);
		*text = str_c(f->text);
		return OK;
	}
	return error_set(e, ERR_INVALID, "import.format", "format",
	                 "the format is not recognised: name a built-in one or a mapping file");
}

static enum result choose(const struct import_config *c, struct plan *p, struct str *text, struct error *e)
{
	const char *format = c->format;
	bool lines = ends(p->path, ".jsonl") || ends(p->path, ".ndjson") || ends(p->path, ".jsonl.gz") ||
	             ends(p->path, ".ndjson.gz");
	if (!format && lines)
		format = "jsonl";
	if (!format)
		return guess(p, text, e);
	const char *base = strrchr(format, '/');
	snprintf(p->format, sizeof(p->format), "%s", base ? base + 1 : format);
	if (!strcmp(format, "jsonl")) {
		char *made = arena_printf(p->a, "[events]\nsource = %s\n", c->source ? c->source : "import");
		*text = str_c(made);
		return made ? OK : error_nomem(e);
	}
	const char *builtin = mapping_builtin(format);
	if (builtin) {
		*text = str_c(builtin);
		return OK;
	}
	return read_text(format, p->a, text, e);
}

/* ---- Which files ------------------------------------------------------------------------------------------------ */

static enum result settings(const struct import_config *c, struct mapping *m, struct error *e)
{
	for (struct section *s = m->first; s; s = s->next) {
		if (c->source && m->section_count == 1)
			s->source = str_c(c->source);
		else if (c->source && s->role != ROLE_EVENTS)
			s->source = str_c(c->source);
		if (c->zone)
			s->zone = str_c(c->zone);
		if (s->source.n > 39)
			return error_set(e, ERR_INVALID, "source.too_long", "source", "a source has at most 39 bytes");
		char zone[64];
		int64_t day;
		text_copy(zone, sizeof(zone), s->zone);
		TRY(time_local_day(0, zone, &day, e));
	}
	return OK;
}

static enum result files(struct plan *p, struct error *e)
{
	int n = p->mapping->section_count;
	if (n > IMPORT_STEPS_MAX)
		return error_set(e, ERR_TOO_LARGE, "mapping.sections", "mapping", "at most %d sections",
		                 IMPORT_STEPS_MAX);
	p->steps = arena_array(p->a, (size_t)n, sizeof(*p->steps));
	if (!p->steps)
		return error_nomem(e);
	for (struct section *s = p->mapping->first; s; s = s->next) {
		struct step *step = &p->steps[p->step_count++];
		step->section = s;
		if (n == 1 && !is_folder(p->path))
			snprintf(step->path, sizeof(step->path), "%s", p->path);
		else if (!s->file.n)
			return error_set(e, ERR_INVALID, "import.folder", "path",
			                 "this mapping reads one file: name it, not a folder");
		else
			TRY(plan_file(p, s->file, step->path, e));
		struct stat st;
		TRY(file_size(step->path, &step->bytes, e));
		if (stat(step->path, &st) == 0 && st.st_mtim.tv_sec * USEC > p->said_at)
			p->said_at = st.st_mtim.tv_sec * USEC;
		p->bytes_total += step->bytes;
	}
	return OK;
}

static enum result content_hash(const char *path, unsigned char hash[HASH128_BYTES], struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *chunk = mem_alloc(CHUNK);
	enum result result = OK;
	ssize_t n;
	if (fd < 0 || !chunk)
		result = fd < 0 ? error_set(e, ERR_IO, "file.open", "path", "the file cannot be read") : error_nomem(e);
	while (result == OK && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0) {
			result = error_set(e, ERR_IO, "file.read", "path", "the file cannot be read");
			break;
		}
		struct str parts[2] = { { (char *)hash, HASH128_BYTES }, { chunk, (size_t)n } };
		unsigned char next[HASH128_BYTES];
		hash128(next, parts, 2);
		memcpy(hash, next, HASH128_BYTES);
	}
	mem_free(chunk);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Path, content and format: what makes two imports the same. */
static enum result identify(struct plan *p, struct error *e)
{
	const struct section *s = p->mapping->first;
	struct str parts[4] = { str_c(p->path), p->mapping->text, s->source, s->zone };
	hash128(p->key, parts, 4);
	for (int i = 0; i < p->step_count; i++)
		TRY(content_hash(p->steps[i].path, p->key, e));
	return OK;
}

enum result plan_make(const struct import_config *c, struct arena *a, struct plan *out, struct error *e)
{
	struct plan p = { .a = a };
	struct str text;
	if (!c->path || !realpath(c->path, p.path))
		return error_set(e, ERR_NOT_FOUND, "import.path", "path", "no such file or folder");
	TRY(choose(c, &p, &text, e));
	TRY(mapping_parse(text, a, &p.mapping, e));
	TRY(settings(c, p.mapping, e));
	TRY(files(&p, e));
	TRY(identify(&p, e));
	*out = p;
	return OK;
}
