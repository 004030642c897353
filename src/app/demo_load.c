#include "app/demo_load.h"

#include "app/figures.h"
#include "app/rooms.h"
#include "app/truth.h"
#include "base/clock.h"
#include "ingest/ingest.h"
#include "people/people.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512
#define FILES_MAX 12
#define TELL_US (200 * 1000)       /* between two lines of progress on a terminal */
#define TELL_SELDOM_US (10 * USEC) /* and elsewhere */

/* ---- Progress -----------------------------------------------------------------------------------------------------
 */

struct teller {
	const char *what;
	int64_t began, told;
	volatile const bool *stop;
};

static struct teller teller_start(const char *what, volatile const bool *stop)
{
	return (struct teller){ .what = what, .began = clock_monotonic(), .stop = stop };
}

/* One line, written over on a terminal: "  till.jsonl  43%  120,000 lines  8,100/s  20 s left". */
static void teller_say(struct teller *t, int64_t done, int64_t total, int64_t lines, bool end)
{
	int64_t now = clock_monotonic(), took = now - t->began;
	bool tty = isatty(2);
	if (!end && now - t->told < (tty ? TELL_US : TELL_SELDOM_US))
		return;
	t->told = now;
	fprintf(stderr, "%s    %-18s", tty ? "\r" : "", t->what);
	if (!end)
		fprintf(stderr, " %3d%%", total > 0 ? (int)(done * 100 / total) : 0);
	fprintf(stderr, " %9lld lines", (long long)lines);
	if (took > 0)
		fprintf(stderr, " %8lld/s", (long long)(lines * USEC / took));
	if (end)
		fprintf(stderr, "  %lld.%lld s", (long long)(took / USEC), (long long)(took / 100000 % 10));
	else if (done > 0 && total > done)
		fprintf(stderr, "  %lld s left",
		        (long long)((double)took / (double)done * (double)(total - done) / USEC));
	fprintf(stderr, "%s%s", tty ? "\033[K" : "", end || !tty ? "\n" : "");
	fflush(stderr);
}

/* ---- Writing ------------------------------------------------------------------------------------------------------
 */

struct writer {
	const char *dir;
	struct {
		const char *name;
		FILE *f;
	} open[FILES_MAX];
	int count;
	int64_t lines;
	struct teller teller;
};

static enum result file_failed(const char *path, struct error *e)
{
	return error_set(e, ERR_IO, "demo.write", NULL, "%s: %s", path, strerror(errno));
}

static enum result writer_take(void *ctx, const char *file, struct str line, struct error *e)
{
	struct writer *w = ctx;
	int i = 0;
	while (i < w->count && strcmp(w->open[i].name, file) != 0)
		i++;
	if (i == w->count) {
		char path[PATH_BYTES];
		snprintf(path, sizeof(path), "%s/%s", w->dir, file);
		if (i == FILES_MAX || !(w->open[i].f = fopen(path, "w")))
			return file_failed(path, e);
		w->open[i].name = file;
		w->count++;
	}
	if (fwrite(line.p, 1, line.n, w->open[i].f) != line.n || fputc('\n', w->open[i].f) == EOF)
		return file_failed(file, e);
	w->lines++;
	if ((w->lines & 1023) == 0)
		teller_say(&w->teller, 0, 0, w->lines, false);
	return OK;
}

static enum result writer_end(struct writer *w, enum result r, struct error *e)
{
	for (int i = 0; i < w->count; i++) {
		if (fclose(w->open[i].f) != 0 && r == OK)
			r = file_failed(w->open[i].name, e);
	}
	return r;
}

static enum result folder_make(const char *path, struct error *e)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : file_failed(path, e);
}

/* Which chain the files are of: one line in dir/made. When it ends is left out: what is there is served until somebody
 * wants another chain. */
static void config_text(const struct demo_config *c, char out[160])
{
	snprintf(out, 160, "byname " BYNAME_VERSION " seed=%llu people=%d years=%d", (unsigned long long)c->seed,
	         c->people, c->years);
}

/* Another chain makes the database of the old one useless. */
static void database_forget(const char *dir)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".sock" };
	char path[PATH_BYTES];
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(path, sizeof(path), "%s/byname.db%s", dir, ends[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/resolved", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lived", dir);
	unlink(path);
}

static bool made_already(const char *path, const char *wanted)
{
	char line[160] = "";
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	bool same = fgets(line, sizeof(line), f) && strcmp(line, wanted) == 0;
	fclose(f);
	return same;
}

enum result demo_files_write(const struct demo_config *config, const char *dir, struct error *e)
{
	char chain[PATH_BYTES], made[PATH_BYTES], text[160];
	snprintf(chain, sizeof(chain), "%s/chain", dir);
	snprintf(made, sizeof(made), "%s/made", dir);
	config_text(config, text);
	TRY(folder_make(dir, e));
	TRY(folder_make(chain, e));
	if (made_already(made, text))
		return OK;
	unlink(made);
	database_forget(dir);
	struct writer w = { .dir = chain, .teller = teller_start("making it up", NULL) };
	struct demo_counts n;
	TRY(writer_end(&w, demo_generate(config, writer_take, &w, &n, e), e));
	teller_say(&w.teller, 0, 0, w.lines, true);
	fprintf(stderr,
	        "    %lld people in %lld households, %lld records in 5 systems, %lld purchases with %lld lines\n",
	        (long long)n.people, (long long)n.households, (long long)n.records, (long long)n.orders,
	        (long long)n.order_lines);
	FILE *f = fopen(made, "w");
	if (!f || fputs(text, f) == EOF || fclose(f) != 0)
		return file_failed(made, e);
	return OK;
}

/* ---- Loading ------------------------------------------------------------------------------------------------------
 */

static bool import_tell(void *arg, const struct import_progress *p)
{
	struct teller *t = arg;
	t->what = p->phase;
	teller_say(t, p->bytes_done, p->bytes_total, p->lines, false);
	return !*t->stop;
}

enum result demo_files_import(struct db *db, const char *dir, volatile const bool *stop, struct error *e)
{
	char path[PATH_BYTES];
	struct teller t = teller_start("loading", stop);
	struct import_progress p = { 0 };
	snprintf(path, sizeof(path), "%s/chain", dir);
	const struct import_config c = { .path = path, .format = "demo-chain", .alone = true };
	TRY(import_run(db, &c, import_tell, &t, &p, e));
	if (*stop)
		return error_set(e, ERR_BUSY, "demo.interrupted", NULL,
		                 "Interrupted. Started again, it goes on from here");
	t.what = "loaded";
	teller_say(&t, p.bytes_total, p.bytes_total, p.lines, true);
	fprintf(stderr, "    %lld taken in, %lld seen before, %lld dead letters; %lld orders, %lld records\n",
	        (long long)p.counts.taken, (long long)p.counts.duplicates, (long long)p.counts.dead,
	        (long long)p.counts.orders_new, (long long)p.counts.records_new);
	return OK;
}

/* ---- Who is who ---------------------------------------------------------------------------------------------------
 */

struct resolving {
	struct teller teller;
	_Atomic bool stop;
};

static void resolve_tell(void *arg, const char *phase, int64_t done, int64_t of)
{
	struct resolving *r = arg;
	int64_t now = clock_monotonic();
	bool tty = isatty(2);
	if (*r->teller.stop)
		r->stop = true;
	if (now - r->teller.told < (tty ? TELL_US : TELL_SELDOM_US))
		return;
	r->teller.told = now;
	fprintf(stderr, "%s    %-18s %3d%%%s%s", tty ? "\r" : "", phase, of > 0 ? (int)(done * 100 / of) : 0,
	        tty ? "\033[K" : "", tty ? "" : "\n");
	fflush(stderr);
}

enum result demo_people_resolve(struct db *db, const char *dir, volatile const bool *stop, struct error *e)
{
	char resolved[PATH_BYTES], truth[PATH_BYTES];
	struct resolving r = { .teller = teller_start("resolving", stop) };
	const struct people_resolving how = { .progress = resolve_tell, .arg = &r, .stop = &r.stop };
	struct people_resolved out;
	struct evaluate_figures figures;
	int unknown;
	snprintf(resolved, sizeof(resolved), "%s/resolved", dir);
	snprintf(truth, sizeof(truth), "%s/chain/truth.csv", dir);
	if (access(resolved, F_OK) == 0)
		return OK;
	TRY(people_resolve_all(db, &how, &out, e));
	int64_t took = clock_monotonic() - r.teller.began;
	fprintf(stderr, "%s    %lld records are %lld customers  %lld.%lld s%s\n", isatty(2) ? "\r" : "",
	        (long long)out.records, (long long)out.customers, (long long)(took / USEC),
	        (long long)(took / 100000 % 10), isatty(2) ? "\033[K" : "");
	TRY(truth_compare(db, truth, &figures, &unknown, e));
	fprintf(stderr, "    Against the truth, which only the generator knew:\n");
	figures_print(&figures, "    ", stderr);
	FILE *f = fopen(resolved, "w");
	if (!f || fclose(f) != 0)
		return file_failed(resolved, e);
	return OK;
}

enum result demo_views_drain(struct db *db, struct error *e)
{
	const struct feed_stored *stored[ROOMS_VIEWS_MAX];
	return feed_drain(db, stored, rooms_stored(stored), FEED_PATIENCE, e);
}
