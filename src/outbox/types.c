/* The types of events, and the patterns that name them. */
#include "outbox/room.h"

#include "orders/command.h"

static const char *const of_command[COMMANDS] = {
	[COMMAND_QUOTE] = "order.quoted",
	[COMMAND_PLACE] = "order.placed",
	[COMMAND_CHANGE] = "order.changed",
	[COMMAND_CANCEL] = "order.cancelled",
	[COMMAND_ALLOCATE] = "order.allocated",
	[COMMAND_RELEASE] = "order.released",
	[COMMAND_PICK] = "order.picked",
	[COMMAND_UNPICK] = "order.unpicked",
	[COMMAND_PROBLEM] = "order.problem",
	[COMMAND_READY] = "order.ready",
	[COMMAND_HAND_OVER] = "order.handed_over",
	[COMMAND_SHIP] = "order.shipped",
	[COMMAND_NO_SHOW] = "order.no_show",
	[COMMAND_PAY] = "order.paid",
	[COMMAND_RETURN] = "order.returned",
	[COMMAND_INSPECT] = "order.inspected",
	[COMMAND_REFUND] = "order.refunded",
	[COMMAND_REFUND_DONE] = "order.refund_done",
	[COMMAND_REFUND_FAILED] = "order.refund_failed",
	[COMMAND_EXCHANGE] = "order.exchanged",
	[COMMAND_CLOSE] = "order.closed",
	[COMMAND_ARRIVE] = "order.arrived",
	[COMMAND_TRANSFER] = "order.transfer",
	[COMMAND_DELIVER] = "order.delivered",
};

/* By name; what of_command says, the reported ones, stock. */
static const char *const types[] = {
	"order.allocated",   "order.arrived",       "order.cancelled", "order.changed",
	"order.closed",      "order.delivered",     "order.exchanged", "order.handed_over",
	"order.inspected",   "order.no_show",       "order.paid",      "order.picked",
	"order.placed",      "order.problem",       "order.quoted",    "order.ready",
	"order.refund_done", "order.refund_failed", "order.refunded",  "order.released",
	TYPE_REPORTED,       "order.returned",      TYPE_REVISED,      "order.shipped",
	"order.transfer",    "order.unpicked",      TYPE_STOCK,        NULL,
};

const char *const *outbox_types(void)
{
	return types;
}

const char *type_of_command(int kind)
{
	return kind > 0 && kind < COMMANDS && of_command[kind] ? of_command[kind] : "order.changed";
}

static bool pattern_fits(struct str pattern, struct str type)
{
	if (str_is(pattern, "*"))
		return true;
	if (pattern.n > 2 && pattern.p[pattern.n - 1] == '*' && pattern.p[pattern.n - 2] == '.')
		return str_starts(type, (struct str){ pattern.p, pattern.n - 1 });
	return str_eq(pattern, type);
}

bool outbox_wants(struct str patterns, const char *type)
{
	struct str part;
	while (str_split(&patterns, ',', &part))
		if (pattern_fits(part, str_c(type)))
			return true;
	return false;
}

static bool pattern_fits_any(struct str pattern)
{
	for (size_t i = 0; types[i]; i++)
		if (pattern_fits(pattern, str_c(types[i])))
			return true;
	return false;
}

enum result patterns_join(const struct str *patterns, int count, struct arena *a, struct str *out, struct error *e)
{
	char *text = arena_alloc(a, OUTBOX_PATTERNS_MAX * OUTBOX_TYPE_BYTES);
	size_t n = 0;
	if (!text)
		return error_nomem(e);
	if (count < 1 || count > OUTBOX_PATTERNS_MAX)
		return error_set(e, ERR_INVALID, "webhook.events", "events", "Name 1 to %d types of events.",
		                 OUTBOX_PATTERNS_MAX);
	for (int i = 0; i < count; i++) {
		if (patterns[i].n >= OUTBOX_TYPE_BYTES || memchr(patterns[i].p, ',', patterns[i].n) ||
		    !pattern_fits_any(patterns[i]))
			return error_set(e, ERR_INVALID, "webhook.events", "events",
			                 "No event is of type %d of the list: order.*, stock.*, order.placed, …", i);
		if (n)
			text[n++] = ',';
		memcpy(text + n, patterns[i].p, patterns[i].n);
		n += patterns[i].n;
	}
	*out = (struct str){ text, n };
	return OK;
}
