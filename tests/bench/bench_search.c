/* SPDX-License-Identifier: ISC */

/*
 * What it costs to search a directory for the rules that one user's request may
 * fall under, those of the user and those of nobody, over an open connection:
 * microseconds, the median.
 *
 * usage: bench_search URI DN PASSWORD SEARCHES RULES
 */

#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEARCHES_MAX = 100000 };

static double
microseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
check(int rc, const char *what)
{
	if (rc == LDAP_SUCCESS)
		return;
	fprintf(stderr, "bench_search: %s: %s\n", what, ldap_err2string(rc));
	exit(2);
}

static LDAP *
open_directory(const char *uri, const char *dn, char *password)
{
	const int version = LDAP_VERSION3;
	struct berval credentials = { strlen(password), password };
	LDAP *ld = NULL;

	check(ldap_initialize(&ld, uri), "uri");
	check(ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version),
		"version");
	check(ldap_sasl_bind_s(
		      ld, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL),
		"bind");
	return ld;
}

static double
search(LDAP *ld, long rule)
{
	char filter[128];
	LDAPMessage *result = NULL;
	double start = microseconds();

	(void)snprintf(filter, sizeof(filter),
		"(&(objectClass=ServicePolicyRules)(SelectorTag=all)"
		"(|(qosUser=%ld)(!(qosUser=*))))",
		1000 + rule);
	check(ldap_search_ext_s(ld, "ou=NetworkPolicies,o=example",
		      LDAP_SCOPE_SUBTREE, filter, NULL, 0, NULL, NULL, NULL, 0,
		      &result),
		"search");
	if (ldap_count_entries(ld, result) != 1)
		check(LDAP_NO_SUCH_OBJECT, filter);
	ldap_msgfree(result);
	return microseconds() - start;
}

int
main(int argc, char **argv)
{
	long n = argc == 6 ? strtol(argv[4], NULL, 10) : 0;
	long rules = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
	double *times;
	LDAP *ld;

	if (n < 1 || n > SEARCHES_MAX || rules < 1) {
		fprintf(stderr, "usage: bench_search URI DN PASSWORD SEARCHES "
				"RULES\n");
		return 2;
	}
	times = (double *)calloc((size_t)n, sizeof(*times));
	ld = open_directory(argv[1], argv[2], argv[3]);
	for (long i = 0; times && i < n; i++)
		times[i] = search(ld, i * 7919 % rules);
	if (times)
		qsort(times, (size_t)n, sizeof(*times), compare);
	printf("%.1f\n", times ? times[n / 2] : 0.0);
	free(times);
	(void)ldap_unbind_ext_s(ld, NULL, NULL); /* freed in any case */
	return 0;
}
