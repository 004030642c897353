/* rooms: http base */
/* TLS: a certificate made here, a client of its own; what is plain gets nothing. */
#include "unit/http_kit.h"
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

static char cert_path[64], key_path[64];

static void file_write(const char *path, const gnutls_datum_t *d)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(d->data, 1, d->size, f), d->size);
	fclose(f);
}

/* A new key and its certificate, into the two files. */
static void certificate_make(unsigned char serial)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	gnutls_datum_t out;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
	        gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	        0);
	assert_int_equal(gnutls_x509_crt_init(&cert), 0);
	gnutls_x509_crt_set_version(cert, 3);
	gnutls_x509_crt_set_key(cert, key);
	gnutls_x509_crt_set_serial(cert, &serial, 1);
	gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600);
	gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600);
	gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
	assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &out), 0);
	file_write(cert_path, &out);
	gnutls_free(out.data);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out), 0);
	file_write(key_path, &out);
	gnutls_free(out.data);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

static int make(void **state)
{
	(void)state;
	snprintf(cert_path, sizeof(cert_path), "/tmp/byname-test-%ld.crt", (long)getpid());
	snprintf(key_path, sizeof(key_path), "/tmp/byname-test-%ld.key", (long)getpid());
	certificate_make(1);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	unlink(cert_path);
	unlink(key_path);
	return 0;
}

static struct http_server *start(const char *bind)
{
	struct http_config c = { .bind = bind,
		                 .routes = kit_all,
		                 .tls_cert = cert_path,
		                 .tls_key = key_path,
		                 .header_ms = 500,
		                 .workers = 2 };
	struct http_server *s = NULL;
	struct error e = { 0 };
	if (http_start(&c, &s, &e) != OK)
		fail_msg("%s %s", e.code, e.detail);
	return s;
}

static unsigned char serial_seen;

static unsigned char peer_serial(gnutls_session_t session)
{
	unsigned count = 0;
	unsigned char serial[20] = { 0 };
	size_t n = sizeof(serial);
	gnutls_x509_crt_t cert;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
	assert_true(list && count > 0);
	assert_int_equal(gnutls_x509_crt_init(&cert), 0);
	assert_int_equal(gnutls_x509_crt_import(cert, &list[0], GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crt_get_serial(cert, serial, &n), 0);
	gnutls_x509_crt_deinit(cert);
	return serial[n - 1];
}

/* The whole answer to one request; "" when there is no connection. */
static void ask(int port, const char *priority, const char *request, char *out, size_t size)
{
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	size_t n = 0;
	ssize_t k = 1;
	int fd = client_connect(port);
	assert_int_equal(gnutls_certificate_allocate_credentials(&cred), 0);
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
	gnutls_priority_set_direct(session, priority, NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, 5000);
	int r;
	do
		r = gnutls_handshake(session);
	while (r < 0 && !gnutls_error_is_fatal(r));
	serial_seen = r == 0 ? peer_serial(session) : 0;
	if (r == 0)
		gnutls_record_send(session, request, strlen(request));
	while (r == 0 && k > 0 && n < size - 1) {
		k = gnutls_record_recv(session, out + n, size - 1 - n);
		n += k > 0 ? (size_t)k : 0;
	}
	out[n] = 0;
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(cred);
	close(fd);
}

#define GET "GET /v1/who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void answers_over_tls(void **state)
{
	(void)state;
	char text[4096];
	struct http_server *s = start("0.0.0.0"); /* not loopback: taken, as it is not plain */
	ask(http_port(s), "NORMAL", GET, text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	assert_non_null(strstr(text, "Strict-Transport-Security: max-age="));
	ask(http_port(s), "NORMAL:-VERS-ALL:+VERS-TLS1.2", GET, text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	ask(http_port(s), "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%COMPAT", GET, text, sizeof(text));
	assert_string_equal(text, "");
	http_stop(s);
}

static void plain_gets_nothing(void **state)
{
	(void)state;
	struct http_server *s = start("127.0.0.1");
	struct client c;
	struct answer a;
	client_open(&c, http_port(s));
	client_text(&c, GET);
	client_answer(&c, &a);
	assert_int_equal(a.status, 0);
	client_close(&c);
	/* a handshake that never comes is cut */
	client_open(&c, http_port(s));
	assert_int_equal(client_more(&c, 3000), 0);
	client_close(&c);
	http_stop(s);
}

static void bad_pem_is_refused(void **state)
{
	(void)state;
	struct http_config c = { .bind = "127.0.0.1", .routes = kit_all, .tls_cert = key_path, .tls_key = cert_path };
	struct http_server *s = NULL;
	struct error e;
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.tls");
}

static void asked(struct http_server *s, unsigned char serial)
{
	char text[4096];
	ask(http_port(s), "NORMAL", GET, text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	assert_int_equal(serial_seen, serial);
	ask(http_port(s), "NORMAL:-VERS-ALL:+VERS-TLS1.2", GET, text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	assert_int_equal(serial_seen, serial);
}

static void a_renewed_certificate_is_read_while_serving(void **state)
{
	(void)state;
	struct error e = { 0 };
	struct http_server *s = start("127.0.0.1");
	char renewed[80];
	asked(s, 1);
	certificate_make(2);
	asked(s, 1); /* nobody said so yet */
	assert_int_equal(http_tls_reload(s, &e), OK);
	asked(s, 2);

	/* A key that is another certificate's, a broken file, none: the one in use stays. */
	snprintf(renewed, sizeof(renewed), "%s.old", cert_path);
	assert_int_equal(rename(cert_path, renewed), 0);
	assert_int_equal(http_tls_reload(s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.tls");
	asked(s, 2);
	certificate_make(3);
	assert_int_equal(rename(renewed, cert_path), 0);
	assert_int_equal(http_tls_reload(s, &e), ERR_INVALID);
	assert_non_null(strstr(e.detail, "not the key"));
	asked(s, 2);
	file_write(cert_path, &(gnutls_datum_t){ (unsigned char *)"-----BEGIN CERTIFICATE-----\nMII", 31 });
	assert_int_equal(http_tls_reload(s, &e), ERR_INVALID);
	asked(s, 2);
	certificate_make(4);
	assert_int_equal(http_tls_reload(s, &e), OK);
	asked(s, 4);
	http_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_over_tls),
		cmocka_unit_test(plain_gets_nothing),
		cmocka_unit_test(bad_pem_is_refused),
		cmocka_unit_test(a_renewed_certificate_is_read_while_serving),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
