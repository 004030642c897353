/* rooms: base */
/* More than memory holds: sorted, and kept for later; with faults of memory, of the disk and of what it gives back. */
#include "base/extsort.h"
#include "base/tempfile.h"
#include "test.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct error err;

/* ---- Sorting ----------------------------------------------------------------------------------------------------- */

static size_t element;

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, element);
}

/* Added by turns through several writers; first: how many values the first four bytes may have, as `below`. */
static void sort_and_compare(size_t size, size_t count, size_t memory, uint32_t below)
{
	uint64_t seed = size * 1000003 + count;
	char *all = calloc(count + 1, size);
	struct extsort_writer *w = calloc(3, sizeof(*w));
	struct extsort *x;

	for (size_t i = 0; i < count; i++) {
		uint32_t first = (uint32_t)random_next(&seed);

		first = below ? first % below : first;
		for (size_t k = 0; k < size; k++)
			all[i * size + k] =
			        (char)(k < 4 ? first >> (24 - 8 * k) : random_below(&seed, k % 2 ? 3 : 256));
	}
	assert_int_equal(extsort_new(size, below, memory, NULL, &x, &err), OK);
	for (int i = 0; i < 3; i++)
		w[i].sort = x;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(extsort_add(&w[i % 3], all + i * size, &err), OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(extsort_done(&w[i], &err), OK);
	assert_int_equal(extsort_count(x), count);
	element = size;
	qsort(all, count, size, by_bytes);
	for (int turn = 0; turn < 2; turn++) { /* it may be read again */
		size_t at = 0, parts = 0;

		for (int part = 0; part < EXTSORT_PARTS; part++) {
			void *got;
			size_t n;

			assert_int_equal(extsort_part(x, part, &got, &n, &err), OK);
			assert_true(at + n <= count && !got == !n);
			if (n)
				assert_memory_equal(got, all + at * size, n * size);
			at += n;
			parts += n > 0;
			mem_free(got);
		}
		assert_int_equal(at, count);
		assert_true(count < 10000 || parts > EXTSORT_PARTS / 3);
	}
	extsort_free(x);
	free(all);
	free(w);
}

static void sorts_as_memory_does(void **state)
{
	static const size_t sizes[] = { 4, 5, 8, 12, 16, 24, EXTSORT_SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sort_and_compare(sizes[i], 1, 0, 0);
		sort_and_compare(sizes[i], 300, 0, 1);
		sort_and_compare(sizes[i], 20000, SIZE_MAX, 0); /* all in memory */
		sort_and_compare(sizes[i], 20000, 0, 0);        /* all in the file */
		sort_and_compare(sizes[i], 20000, 10000 * sizes[i], 20000);
	}
	sort_and_compare(12, 0, 0, 0);
	sort_and_compare(12, 500000, 1u << 20, 12345678);
}

/* ---- Blobs ------------------------------------------------------------------------------------------------------- */

#define BLOBS 3000
#define WRITERS 4

struct writing {
	struct spool *spool;
	uint64_t at[BLOBS];
	int number;
};

static struct str blob_of(int writer, int i, char room[20000])
{
	uint64_t seed = (uint64_t)writer * BLOBS + (uint64_t)i;
	size_t n = random_below(&seed, i % 100 ? 700 : 20000);

	for (size_t k = 0; k < n; k++)
		room[k] = (char)(seed + k * 7);
	return (struct str){ room, n };
}

static void *write_blobs(void *arg)
{
	struct writing *w = arg;
	struct spool_writer writer = { .spool = w->spool };
	char room[20000];

	for (int i = 0; i < BLOBS; i++)
		if (spool_write(&writer, blob_of(w->number, i, room), &w->at[i], NULL) != OK)
			return "write";
	return spool_done(&writer, NULL) == OK ? NULL : "done";
}

static void blobs_come_back(void **state)
{
	static const size_t memories[] = { 0, 2u << 20, SIZE_MAX };
	static struct writing w[WRITERS];

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		struct arena *a = arena_new(0);
		struct spool *s;
		pthread_t threads[WRITERS];
		char room[20000];
		void *failed;

		assert_int_equal(spool_new(NULL, memories[m], &s, &err), OK);
		for (int t = 0; t < WRITERS; t++) {
			w[t] = (struct writing){ .spool = s, .number = t };
			assert_int_equal(pthread_create(&threads[t], NULL, write_blobs, &w[t]), 0);
		}
		for (int t = 0; t < WRITERS; t++) {
			pthread_join(threads[t], &failed);
			assert_null(failed);
		}
		assert_true(spool_bytes(s) > (uint64_t)WRITERS * BLOBS * 300);
		for (int i = BLOBS; i-- > 0;)
			for (int t = 0; t < WRITERS; t++) {
				struct str want = blob_of(t, i, room), got;

				arena_reset(a);
				assert_int_equal(spool_read(s, w[t].at[i], a, &got, &err), OK);
				assert_int_equal(got.n, want.n);
				assert_memory_equal(got.p, want.p, want.n);
			}
		spool_free(s);
		arena_free(a);
	}
}

static void too_long_a_blob_is_refused(void **state)
{
	char *much = calloc(1, SPOOL_BLOB_MAX);
	struct spool *s;
	struct spool_writer w;
	uint64_t at;

	(void)state;
	assert_int_equal(spool_new(NULL, 0, &s, &err), OK);
	w = (struct spool_writer){ .spool = s };
	assert_int_equal(spool_write(&w, (struct str){ much, SPOOL_BLOB_MAX }, &at, &err), ERR_TOO_LARGE);
	assert_int_equal(spool_done(&w, &err), OK);
	spool_free(s);
	free(much);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static enum result sort_all(const char *folder, struct error *e)
{
	struct extsort *x;
	struct extsort_writer *w = calloc(1, sizeof(*w));
	enum result r = extsort_new(12, 0, 0, folder, &x, e);

	if (r != OK) {
		free(w);
		return r;
	}
	w->sort = x;
	for (uint64_t i = 0, seed = 1; i < 20000 && r == OK; i++) {
		char one[12] = { 0 };

		seed = random_next(&seed);
		memcpy(one, &seed, sizeof(seed));
		r = extsort_add(w, one, e);
	}
	if (r == OK)
		r = extsort_done(w, e);
	for (int i = 0; i < EXTSORT_PARTS && r == OK; i++) {
		void *got;
		size_t n;

		r = extsort_part(x, i, &got, &n, e);
		if (r == OK)
			mem_free(got);
	}
	extsort_drop(w);
	extsort_free(x);
	free(w);
	return r;
}

static enum result spool_all(struct error *e)
{
	struct spool *s;
	struct spool_writer w;
	enum result r = OK;
	uint64_t at;

	TRY(spool_new(NULL, 0, &s, e));
	w = (struct spool_writer){ .spool = s };
	for (int i = 0; i < 200 && r == OK; i++) {
		static char blob[10000];

		r = spool_write(&w, (struct str){ blob, sizeof(blob) }, &at, e);
	}
	if (r == OK)
		r = spool_done(&w, e);
	spool_drop(&w);
	spool_free(s);
	return r;
}

static void a_full_disk_is_told(void **state)
{
	struct rlimit before, little;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	little = (struct rlimit){ 100000, before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &little);
	assert_int_equal(sort_all(NULL, &err), ERR_IO);
	assert_string_equal(err.code, "tempfile.full");
	assert_non_null(strstr(err.detail, "no room"));
	assert_int_equal(spool_all(&err), ERR_IO);
	assert_string_equal(err.code, "tempfile.full");
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(sort_all(NULL, &err), OK);
	assert_int_equal(spool_all(&err), OK);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(sort_all("/no/such/folder", &err), ERR_IO);
	assert_string_equal(err.code, "tempfile.failed");
}

static void memory_may_run_out(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++)
		for (uint64_t n = 1, good = 0; good == 0; n += n < 30 ? 1 : 17) {
			enum result r;

			mem_fail_nth(n);
			r = turn ? sort_all(NULL, &err) : spool_all(&err);
			mem_fail_nth(0);
			assert_true(r == OK || r == ERR_NOMEM);
			good += r == OK;
			assert_true(n < 100000);
		}
}

/* Writes into the file that has no name. */
static int spoil(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *f;
	int spoilt = 0;

	while (d && (f = readdir(d))) {
		char path[300], to[300];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%.250s", f->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = '\0';
		if (strstr(to, "(deleted)"))
			spoilt += pwrite(atoi(f->d_name), "spoilt", 6, 20000) == 6;
	}
	if (d)
		closedir(d);
	return spoilt;
}

static void what_was_spoilt_is_noticed(void **state)
{
	static char blob[30000], one[12];
	static struct extsort_writer ws;
	struct arena *a = arena_new(0);
	struct extsort *x;
	struct spool *s;
	struct spool_writer w;
	struct str got;
	void *elements;
	uint64_t at;
	size_t n;

	(void)state;
	assert_int_equal(extsort_new(12, 0, 0, NULL, &x, &err), OK);
	ws.sort = x;
	for (int i = 0; i < 5000; i++)
		assert_int_equal(extsort_add(&ws, one, &err), OK);
	assert_int_equal(extsort_done(&ws, &err), OK);
	if (spoil() == 0) {
		print_message("SKIP: this system does not show open files in /proc\n");
		extsort_free(x);
		arena_free(a);
		return;
	}
	assert_int_equal(extsort_part(x, 0, &elements, &n, &err), ERR_CORRUPT);
	assert_string_equal(err.code, "tempfile.damaged");
	extsort_free(x);
	assert_int_equal(spool_new(NULL, 0, &s, &err), OK);
	w = (struct spool_writer){ .spool = s };
	assert_int_equal(spool_write(&w, (struct str){ blob, sizeof(blob) }, &at, &err), OK);
	assert_int_equal(spool_done(&w, &err), OK);
	spoil();
	assert_int_equal(spool_read(s, at, a, &got, &err), ERR_CORRUPT);
	spool_free(s);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_as_memory_does),       cmocka_unit_test(blobs_come_back),
		cmocka_unit_test(too_long_a_blob_is_refused), cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(memory_may_run_out),         cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test(what_was_spoilt_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
