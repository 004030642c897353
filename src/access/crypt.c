/* Tokens and passwords, on libsodium. */
#include "access/internal.h"
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGON2_MEM (19u << 20)
#define ARGON2_OPS 2
#define PASSWORD_CHARS_MIN 10
#define PASSWORD_BYTES_MAX 1024
#define PASSWORD_WAITING_MAX 32 /* callers that wait for a core: fewer than there are workers */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
	if (sodium_init() < 0)
		abort(); /* no random numbers: nothing here can work */
}

void crypt_ready(void)
{
	pthread_once(&once, init);
}

/* ---- Tokens ------------------------------------------------------------------------------------------------------ */

static void text_of(char out[TOKEN_CHARS + 1], const unsigned char bytes[32])
{
	sodium_bin2base64(out, TOKEN_CHARS + 1, bytes, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void token_new(char token[TOKEN_CHARS + 1])
{
	unsigned char raw[32];
	crypt_ready();
	randombytes_buf(raw, sizeof raw);
	text_of(token, raw);
	sodium_memzero(raw, sizeof raw);
}

void token_hash(unsigned char out[TOKEN_HASH_BYTES], const char *domain, struct str token)
{
	crypto_generichash_state st;
	crypt_ready();
	crypto_generichash_init(&st, NULL, 0, TOKEN_HASH_BYTES);
	crypto_generichash_update(&st, (const unsigned char *)domain, strlen(domain) + 1);
	crypto_generichash_update(&st, (const unsigned char *)token.p, token.n);
	crypto_generichash_final(&st, out, TOKEN_HASH_BYTES);
}

void token_derive(char out[TOKEN_CHARS + 1], const char *domain, struct str token)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	token_hash(hash, domain, token);
	text_of(out, hash);
}

/* ---- Passwords --------------------------------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_free = PTHREAD_COND_INITIALIZER;
static long inside, waiting;

enum result password_enter(struct error *e)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	enum result r = OK;
	pthread_mutex_lock(&gate);
	if (waiting >= PASSWORD_WAITING_MAX) {
		r = error_set(e, ERR_BUSY, "sign_in.busy", NULL, "Too many people sign in just now; try again.");
	} else {
		waiting++;
		while (inside >= (cores > 0 ? cores : 1))
			pthread_cond_wait(&gate_free, &gate);
		waiting--;
		inside++;
	}
	pthread_mutex_unlock(&gate);
	return r;
}

void password_leave(void)
{
	pthread_mutex_lock(&gate);
	inside--;
	pthread_cond_signal(&gate_free);
	pthread_mutex_unlock(&gate);
}

static char nobody[crypto_pwhash_STRBYTES]; /* what unknown logins are checked against */
static pthread_once_t nobody_once = PTHREAD_ONCE_INIT;

static void nobody_make(void)
{
	char token[TOKEN_CHARS + 1];
	token_new(token);
	if (crypto_pwhash_str_alg(nobody, token, TOKEN_CHARS, ARGON2_OPS, ARGON2_MEM, crypto_pwhash_ALG_ARGON2ID13) !=
	    0)
		abort(); /* out of memory at the first sign-in: never compare less than the full work */
}

bool password_verify(const char *stored, struct str password)
{
	crypt_ready();
	pthread_once(&nobody_once, nobody_make);
	bool known = stored[0] != '\0', short_enough = password.n <= PASSWORD_BYTES_MAX;
	int rc = crypto_pwhash_str_verify(known ? stored : nobody, password.n ? password.p : "",
	                                  short_enough ? password.n : PASSWORD_BYTES_MAX);
	return rc == 0 && known && short_enough;
}

enum result password_hash(struct str password, char out[PASSWORD_BYTES], struct error *e)
{
	char hash[crypto_pwhash_STRBYTES];
	_Static_assert(crypto_pwhash_STRBYTES <= PASSWORD_BYTES, "a stored hash fits");
	crypt_ready();
	TRY(password_enter(e));
	int rc = crypto_pwhash_str_alg(hash, password.p, password.n, ARGON2_OPS, ARGON2_MEM,
	                               crypto_pwhash_ALG_ARGON2ID13);
	password_leave();
	if (rc != 0)
		return error_nomem(e);
	memcpy(out, hash, sizeof hash);
	return OK;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_folded(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

enum result password_check(struct str password, const char *login, struct error *e)
{
	size_t chars = 0;
	if (!str_utf8_valid(password))
		return error_set(e, ERR_INVALID, "password.malformed", "password", "The password is not valid text.");
	if (password.n > PASSWORD_BYTES_MAX)
		return error_set(e, ERR_INVALID, "password.long", "password", "The password is longer than %d bytes.",
		                 PASSWORD_BYTES_MAX);
	for (size_t i = 0; i < password.n; i++)
		chars += ((unsigned char)password.p[i] & 0xc0) != 0x80;
	if (chars < PASSWORD_CHARS_MIN)
		return error_set(e, ERR_INVALID, "password.short", "password",
		                 "The password needs %d characters or more.", PASSWORD_CHARS_MIN);
	if (same_folded(password, str_c(login)))
		return error_set(e, ERR_INVALID, "password.login", "password", "The password must not be the login.");
	return OK;
}
