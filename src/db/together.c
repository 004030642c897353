/* Parts of a read side by side on one connection: each on a stack of its own, and one that would wait for the server
 * lets the others ask first. One thread, taking turns: nothing is shared that was not shared before. */
#include "db/postgres.h"
#include <sys/mman.h>
#include <ucontext.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#define STACK_BYTES ((size_t)256 << 10)
#define GUARD_BYTES ((size_t)4 << 10) /* below it: who runs over stops here */

/* A place where somebody stands; the sanitizers want to know who comes and goes. */
struct stand {
	ucontext_t at;
	const void *bottom;
	size_t bytes;
	void *fake, *fiber;
};
struct part_run {
	struct stand stand;
	const struct db_part *part;
	enum result result;
	struct error error;
	bool over;
};
struct together {
	struct db_tx *tx;
	struct stand home;
	struct part_run runs[TOGETHER_MAX], *now;
};

/* ---- Turns ------------------------------------------------------------------------------------------------------- */

/* for_good: nobody comes back to from. */
static void stand_switch(struct stand *from, struct stand *to, bool for_good)
{
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(for_good ? NULL : &from->fake, to->bottom, to->bytes);
#endif
#if defined(__SANITIZE_THREAD__)
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
	(void)for_good;
	swapcontext(&from->at, &to->at);
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
#endif
}

static _Thread_local struct together *starting;

static void part_main(void)
{
	struct together *t = starting;
	struct part_run *r = t->now;
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(NULL, &t->home.bottom, &t->home.bytes);
#endif
	r->result = r->part->fn(t->tx, r->part->arg, &r->error);
	r->over = true;
	stand_switch(&r->stand, &t->home, true);
}

static void turn_give(struct together *t, struct part_run *r)
{
	t->now = r;
	starting = t;
	stand_switch(&t->home, &r->stand, false);
}

enum result together_wait(struct db_tx *tx, struct error *e)
{
	struct together *t = tx->together;
	stand_switch(&t->now->stand, &t->home, false);
	if (tx->failure.result != OK)
		*e = tx->failure;
	return tx->failure.result;
}

/* ---- Stacks ------------------------------------------------------------------------------------------------------ */

static enum result stack_need(struct pg_conn *c, int i, struct error *e)
{
	if (c->stacks[i])
		return OK;
	char *p = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (p == MAP_FAILED)
		return error_nomem(e);
	if (mprotect(p, GUARD_BYTES, PROT_NONE)) {
		munmap(p, STACK_BYTES);
		return error_nomem(e);
	}
	c->stacks[i] = p;
	return OK;
}

void together_stacks_free(struct pg_conn *c)
{
	for (int i = 0; i < TOGETHER_MAX; i++)
		if (c->stacks[i])
			munmap(c->stacks[i], STACK_BYTES);
}

static void part_stand(struct together *t, int i, char *stack)
{
	struct stand *s = &t->runs[i].stand;
	getcontext(&s->at);
	s->bottom = stack + GUARD_BYTES;
	s->bytes = STACK_BYTES - GUARD_BYTES;
	s->at.uc_stack.ss_sp = stack + GUARD_BYTES;
	s->at.uc_stack.ss_size = s->bytes;
	s->at.uc_link = NULL;
	makecontext(&s->at, part_main, 0);
#if defined(__SANITIZE_THREAD__)
	s->fiber = __tsan_create_fiber(0);
#endif
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

/* All of them run to their end, whatever comes of one: their cursors are on their stacks. */
static enum result some_run(struct db_tx *tx, const struct db_part *parts, int count, struct error *e)
{
	struct pg_conn *c = tx->conn;
	struct together t = { .tx = tx };
	int left = count;
	for (int i = 0; i < count; i++) {
		TRY(stack_need(c, i, e));
		t.runs[i].part = &parts[i];
	}
#if defined(__SANITIZE_THREAD__)
	t.home.fiber = __tsan_get_current_fiber();
#endif
	for (int i = 0; i < count; i++)
		part_stand(&t, i, c->stacks[i]);
	tx->together = &t;
	while (left) {
		struct error lost = { 0 };
		for (int i = 0; i < count; i++) {
			if (t.runs[i].over)
				continue;
			turn_give(&t, &t.runs[i]);
			left -= t.runs[i].over;
		}
		if (left && c->pending_count && pg_pipeline_sync(c, "together", NULL, &lost) != OK)
			(void)tx_fail(tx, &lost);
	}
	tx->together = NULL;
#if defined(__SANITIZE_THREAD__)
	for (int i = 0; i < count; i++)
		__tsan_destroy_fiber(t.runs[i].stand.fiber);
#endif
	for (int i = 0; i < count; i++)
		if (t.runs[i].result != OK) {
			if (e)
				*e = t.runs[i].error;
			return t.runs[i].result;
		}
	return OK;
}

enum result db_together(struct db_tx *tx, const struct db_part *parts, int count, struct error *e)
{
	bool turns = tx->db->engine == DB_POSTGRES && !tx->together && count > 1;
	for (int i = 0; i < count && !turns; i++)
		TRY(parts[i].fn(tx, parts[i].arg, e));
	for (int from = 0; from < count && turns; from += TOGETHER_MAX)
		TRY(some_run(tx, parts + from, count - from < TOGETHER_MAX ? count - from : TOGETHER_MAX, e));
	return OK;
}
