/* Faults for tests: the nth SQL step fails. */
#include "db/internal.h"

void db_fault_nth(struct db *db, int64_t nth, enum result with)
{
	atomic_store(&db->fault_with, (int)with);
	atomic_store(&db->fault_count, 0);
	atomic_store(&db->fault_left, nth);
	atomic_store(&db->faults, true);
}

int64_t db_fault_count(struct db *db)
{
	return atomic_load(&db->fault_count);
}

enum result fault_step(struct db *db, struct error *e)
{
	/* Every row of every thread comes by here: nothing that all of them write to, but in tests. */
	if (!atomic_load_explicit(&db->faults, memory_order_relaxed))
		return OK;
	atomic_fetch_add_explicit(&db->fault_count, 1, memory_order_relaxed);
	if (atomic_load_explicit(&db->fault_left, memory_order_relaxed) == 0)
		return OK;
	if (atomic_fetch_sub(&db->fault_left, 1) != 1)
		return OK;
	return error_set(e, (enum result)atomic_load(&db->fault_with), "db.fault", NULL, "A fault was injected.");
}
