#include "base/log.h"
#include "base/clock.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 1024

static _Atomic int least_level = LOG_INFO;

void log_set_level(enum log_level least)
{
	atomic_store(&least_level, (int)least);
}

static void write_line(char *line, size_t n)
{
	/* one line an event, whatever the values hold */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = ' ';
	line[n++] = '\n';
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, line, n); /* one call, so that threads do not mix */

		if (done <= 0)
			return; /* nowhere to tell */
		line += done;
		n -= (size_t)done;
	}
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	char line[LINE_BYTES], when[TIME_TEXT_BYTES];
	va_list args;
	int n, m;

	if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
		return;
	time_format(when, clock_now());
	n = snprintf(line, sizeof(line) - 1, "%s %s %s", when, names[level], event);
	if (n < 0 || n >= (int)sizeof(line) - 3)
		return;
	line[n++] = ' ';
	va_start(args, fmt);
	m = vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, fmt, args);
	va_end(args);
	if (m < 0)
		m = 0;
	if (m >= (int)sizeof(line) - 1 - n)
		m = (int)sizeof(line) - 2 - n;
	if (m == 0)
		n--;
	write_line(line, (size_t)(n + m));
}

void log_error(const char *event, const struct error *e)
{
	log_event(LOG_ERROR, event, "result=%s code=%s field=\"%s\" detail=\"%s\"", result_name(e->result), e->code,
	          e->field, e->detail);
}
