/* Results and errors: one must-check enum; whoever finds the fault fills the error once, callers pass it on. */
#ifndef BYNAME_BASE_RESULT_H
#define BYNAME_BASE_RESULT_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum result {
	OK = 0,
	ERR_INVALID,      /* a value breaks the contract; field names it */
	ERR_UNAUTHORIZED, /* nobody is signed in, or the key is unknown */
	ERR_FORBIDDEN,    /* signed in, but not allowed to do this */
	ERR_NOT_FOUND,
	ERR_CONFLICT, /* the present state does not allow it */
	ERR_MISMATCH, /* the same idempotency key with another payload */
	ERR_TOO_LARGE,
	ERR_LIMIT, /* too many, too often: try later */
	ERR_BUSY,  /* overloaded or shutting down: try again soon */
	ERR_RETRY, /* the transaction lost a race and must be run again; never leaves db_transact() */
	ERR_NOMEM,
	ERR_IO,
	ERR_CORRUPT, /* stored data breaks an invariant */
	ERR_INTERNAL
};

struct error {
	enum result result;
	char code[48];    /* stable, machine-readable: "email.malformed" */
	char field[96];   /* path of the offending field: "traits.email", or "" */
	char detail[320]; /* one sentence for a person */
};

/* Fills *e (which may be NULL) and returns r, so that a fault is raised in one line.
 * field may be NULL. Never carries personal data or secrets: details reach logs. */
enum result error_set(struct error *e, enum result r, const char *code, const char *field, const char *fmt, ...)
        PRINTF_LIKE(5, 6);

/* The short, stable name of a result: "invalid", "not_found", … */
const char *result_name(enum result r);

/* Returns from the calling function when expr is not OK. */
#define TRY(expr)                                                                                                      \
	do {                                                                                                           \
		enum result try_result_ = (expr);                                                                      \
		if (try_result_ != OK)                                                                                 \
			return try_result_;                                                                            \
	} while (0)

#endif
