/* Which records are one person: a pure function of records, links and what was decided. No database, no clock. */
#ifndef BYNAME_PEOPLE_PARTITION_H
#define BYNAME_PEOPLE_PARTITION_H

#include "base/str.h"

/* Strongest first: in this order links are taken. */
enum link_sort { LINK_MANUAL, LINK_ACCOUNT, LINK_LOYALTY, LINK_EXTERNAL, LINK_EMAIL, LINK_PHONE, LINK_TIE, LINK_SORTS };

struct part_record {
	struct str source, source_key; /* together unique: the canonical order */
};

/* Two records that belong together unless something forbids it. Of a tie, a is the device. */
struct part_link {
	int a, b; /* indices of records, a != b */
	enum link_sort sort;
	bool forced;          /* manual: also across different verified accounts */
	int64_t at, decision; /* manual: when and which */
	struct str value;     /* automatic: what they share */
	bool taken;           /* out: they are in one group, and this link was not refused */
};

/* No record of left may be with one of right. A newer manual link overrides an older ban. */
struct part_ban {
	const int *left, *right;
	int left_count, right_count;
	int64_t at, decision;
};

/* A verified account of a record. Two groups with different accounts never join, unless one's are among the other's. */
struct part_account {
	int record;
	struct str value;
};

struct part_input {
	const struct part_record *records;
	int record_count;
	struct part_link *links; /* sorted in place, taken set */
	int link_count;
	const struct part_ban *bans;
	int ban_count;
	const struct part_account *accounts;
	int account_count;
	int group_max; /* a link that would make a larger group is refused */
};

/* group[i]: the index of the canonically first record of i's group. The same for any order of the input's arrays, up to
 * their numbering. ERR_NOMEM. */
MUST_CHECK enum result partition_component(struct part_input *in, struct arena *a, int *group, struct error *e);

#endif
