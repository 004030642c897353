/* Why these records are one customer. */
#include "people/internal.h"

static void link_write(struct json_writer *w, const struct component *c, const struct part_link *l)
{
	static const char *const names[LINK_SORTS] = { "manual", "account", "loyalty", "external",
		                                       "email",  "phone",   "device" };

	jw_object(w);
	jw_kid(w, "a", ID_RECORD, c->nodes[l->a].id);
	jw_kid(w, "b", ID_RECORD, c->nodes[l->b].id);
	jw_kcstr(w, "kind", names[l->sort]);
	jw_kstr(w, "value", l->value);
	jw_kcstr(w, "state", "normal"); /* others do not link */
	jw_kid(w, "decision", ID_DECISION, l->decision);
	jw_end_object(w);
}

#define LINKS_SHOWN 500

enum result customer_evidence(struct db_tx *tx, int64_t customer, struct json_writer *w, struct error *e)
{
	int64_t records[CUSTOMER_MEMBERS_MAX];
	struct component c;
	int members, shown = 0;

	TRY(customer_of(tx, customer, &customer, e));
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &members, e));
	TRY(component_partition(tx, customer, COMPONENT_MAX, &c, e));
	jw_object(w);
	jw_kid(w, "customer", ID_CUSTOMER, customer);
	jw_key(w, "members");
	jw_array(w);
	for (int i = 0; i < members; i++) {
		char text[ID_TEXT_BYTES];

		id_format(text, ID_RECORD, records[i]);
		jw_cstr(w, text);
	}
	jw_end_array(w);
	jw_key(w, "links");
	jw_array(w);
	for (int i = 0; !c.overflow && i < c.in.link_count && shown < LINKS_SHOWN; i++) {
		const struct part_link *l = &c.in.links[i];

		if (!l->taken || c.nodes[l->a].customer != customer || c.nodes[l->b].customer != customer)
			continue;
		link_write(w, &c, l);
		shown++;
	}
	jw_end_array(w);
	jw_kbool(w, "provisional", c.overflow);
	jw_end_object(w);
	return OK;
}
