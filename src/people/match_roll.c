#include "people/match_roll.h"

#define ARENA_MOST ((size_t)1 << 40)
#define PART_LEAST 512 /* records */

enum result match_roll_get(const struct match_roll *roll, int i, struct arena *a, struct match_record **out,
                           struct error *e)
{
	struct str bytes;

	if (roll->records) {
		*out = roll->records[i];
		return OK;
	}
	TRY(spool_read(roll->packed, roll->at[i], a, &bytes, e));
	TRY(match_record_unpack(bytes, a, out, e));
	if (roll->model)
		match_record_bind(roll->model, *out);
	return OK;
}

struct each {
	const struct match_roll *roll;
	enum result (*work)(const struct roll_part *p, struct error *e);
	void *arg;
	int parts;
};

static enum result each_part(void *arg, int part, struct error *e)
{
	const struct each *each = arg;
	struct roll_part p = { .roll = each->roll, .part = part, .arg = each->arg };

	p.from = (int)((int64_t)each->roll->count * part / each->parts);
	p.to = (int)((int64_t)each->roll->count * (part + 1) / each->parts);
	return each->work(&p, e);
}

enum result match_roll_each(const struct match_roll *roll, int threads,
                            enum result (*work)(const struct roll_part *p, struct error *e), void *arg, struct error *e)
{
	struct each each = { .roll = roll, .work = work, .arg = arg, .parts = roll->count / PART_LEAST + 1 };

	each.parts = each.parts < ROLL_PARTS ? each.parts : ROLL_PARTS;
	return match_parallel(threads, each.parts, each_part, &each, e);
}

static enum result bind_part(const struct roll_part *p, struct error *e)
{
	(void)e;
	for (int i = p->from; i < p->to; i++)
		match_record_bind(p->arg, p->roll->records[i]);
	return OK;
}

enum result match_roll_bind(struct match_roll *roll, const struct match_model *m, int threads, struct error *e)
{
	roll->model = m;
	if (!roll->records || !m)
		return OK;
	return match_roll_each(roll, threads, bind_part, (void *)(uintptr_t)m, e);
}

static enum result unpack_part(const struct roll_part *p, struct error *e)
{
	struct match_roll *to = p->arg;

	to->arenas[p->part] = arena_new(ARENA_MOST);
	if (!to->arenas[p->part])
		return error_nomem(e);
	for (int i = p->from; i < p->to; i++)
		TRY(match_roll_get(p->roll, i, to->arenas[p->part], &to->records[i], e));
	return OK;
}

enum result match_roll_unpack(struct match_roll *roll, int threads, struct error *e)
{
	struct match_roll made = *roll;
	enum result r;

	if (roll->records)
		return OK;
	made.records = mem_alloc((size_t)roll->count * sizeof(*made.records) + 1);
	made.arenas = mem_calloc(ROLL_PARTS, sizeof(struct arena *));
	made.arena_count = ROLL_PARTS;
	r = made.records && made.arenas ? match_roll_each(roll, threads, unpack_part, &made, e) : error_nomem(e);
	if (r == OK)
		*roll = made;
	else
		match_roll_pack(&made);
	return r;
}

void match_roll_pack(struct match_roll *roll)
{
	for (int i = 0; roll->arenas && i < roll->arena_count; i++)
		arena_free(roll->arenas[i]);
	if (roll->arenas)
		mem_free(roll->records);
	mem_free(roll->arenas);
	roll->records = NULL;
	roll->arenas = NULL;
	roll->arena_count = 0;
}

void match_roll_free(struct match_roll *roll)
{
	match_roll_pack(roll);
	spool_free(roll->packed);
	mem_free(roll->at);
	mem_free(roll->order);
	*roll = (struct match_roll){ 0 };
}
