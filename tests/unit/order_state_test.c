/* rooms: orders stock ledger timeline people shop feed db money base */
#include "test.h"
#include "orders/book.h"

/* Which command is for which state: draft, placed, partly, fulfilled, cancelled, closed. */
static void what_each_state_allows(void **state)
{
	static const char *const allowed[COMMANDS] = {
		[COMMAND_PLACE] = "d.....",     [COMMAND_CHANGE] = "dp....",      [COMMAND_CANCEL] = "dpt...",
		[COMMAND_ALLOCATE] = ".pt...",  [COMMAND_RELEASE] = ".pt...",     [COMMAND_PICK] = ".pt...",
		[COMMAND_UNPICK] = ".pt...",    [COMMAND_PROBLEM] = ".pt...",     [COMMAND_READY] = ".pt...",
		[COMMAND_HAND_OVER] = ".pt...", [COMMAND_SHIP] = ".pt...",        [COMMAND_NO_SHOW] = ".pt...",
		[COMMAND_PAY] = ".ptf..",       [COMMAND_RETURN] = "..tf.x",      [COMMAND_INSPECT] = "..tf.x",
		[COMMAND_REFUND] = ".ptfc.",    [COMMAND_REFUND_DONE] = ".ptfc.", [COMMAND_REFUND_FAILED] = ".ptfc.",
		[COMMAND_EXCHANGE] = "..tf.x",  [COMMAND_CLOSE] = "...fc.",       [COMMAND_ARRIVE] = ".pt...",
		[COMMAND_TRANSFER] = ".pt...",  [COMMAND_DELIVER] = "..tf.x",
	};
	(void)state;
	for (int k = 1; k < COMMANDS; k++) {
		assert_non_null(strstr(order_command_name(k), "order."));
		for (int s = 1; s < BOOK_STATES; s++) {
			bool want = allowed[k] && allowed[k][s - 1] != '.';
			if (book_allows(s, k) != want)
				fail_msg("%s, %s", order_command_name(k), book_state_name(s));
		}
	}
	assert_false(book_allows(0, COMMAND_PAY) || book_allows(BOOK_STATES, COMMAND_PAY) || book_allows(1, COMMANDS));
}

static void where_an_order_goes(void **state)
{
	/* by turn: drafted, none handed, some, all, all cancelled, closed */
	static const char *const next[BOOK_STATES] = { "dptf..", "dptfc.", ".ptfc.", "..tf..",
		                                       "..tf.x", "....cx", "..tf.." };
	static const char letters[] = ".dptfcx";
	(void)state;
	for (int s = 0; s < BOOK_STATES; s++)
		for (int t = 1; t < TURNS; t++)
			if (letters[book_next(s, t)] != next[s][t - 1])
				fail_msg("%s, turn %d: %s", book_state_name(s), t, book_state_name(book_next(s, t)));
	assert_int_equal(book_next(BOOK_STATES, TURN_CLOSED), 0);
}

/* Every way of a unit, as text: from > to : what stock is told, by the methods that take it. */
static void ways_of_units(void **state)
{
	static const char *const ways[COMMANDS] = {
		[COMMAND_ALLOCATE] = "waiting>open:1/1c waiting>handed:8/2 ",
		[COMMAND_RELEASE] = "open>waiting:2/1e ",
		[COMMAND_PICK] = "open>picked:3/1e ",
		[COMMAND_UNPICK] = "picked>open:4/1e ready>open:4/1e ",
		[COMMAND_PROBLEM] = "open>waiting:9/1e picked>waiting:10/1e ready>waiting:10/1e ",
		[COMMAND_READY] = "picked>ready:0/4 ",
		[COMMAND_HAND_OVER] = "ready>handed:6/4 picked>handed:6/14 ",
		[COMMAND_SHIP] = "picked>shipped:7/18 ",
		[COMMAND_DELIVER] = "shipped>handed:0/18 ",
		[COMMAND_NO_SHOW] = "ready>cancelled:5/1e ",
		[COMMAND_CANCEL] =
		        "waiting>cancelled:0/1e open>cancelled:2/1e picked>cancelled:5/1e ready>cancelled:5/1e ",
	};
	(void)state;
	for (int k = 0; k < COMMANDS; k++) {
		char text[256] = "";
		const struct unit_way *w;
		size_t n = 0;
		for (int i = 0; (w = unit_way(k, i)); i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s>%s:%d/%x ", unit_at_name(w->from),
			                      unit_at_name(w->to), w->step, w->methods);
		assert_string_equal(text, ways[k] ? ways[k] : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_each_state_allows),
		cmocka_unit_test(where_an_order_goes),
		cmocka_unit_test(ways_of_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
