/* SPDX-License-Identifier: ISC */
/* The effective configuration as a file that parses to the same. */
#include "conf_int.h"

#include <string.h>

static void
print_key(const struct conf_key *key, const void *base, const char *indent,
	FILE *out)
{
	char buf[CONF_VALUE_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	conf_value_syntax(key, base, &t);
	fprintf(out, "%s%s = %s;\n", indent, key->name, buf);
}

static void
print_global(const struct conf *conf, FILE *out)
{
	const char *group = "";
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(CONF_GLOBAL, i)); i++) {
		if (strcmp(key->group, group) != 0) {
			if (group[0] != '\0')
				fprintf(out, "};\n");
			fprintf(out, "%s = {\n", key->group);
			group = key->group;
		}
		print_key(key, conf, group[0] != '\0' ? "\t" : "", out);
	}
	fprintf(out, "};\n");
}

static void
print_iface(const struct conf_iface *iface, FILE *out)
{
	const struct conf_key *key;

	fprintf(out, "\t{\n\t\tname = \"%s\";\n", iface->name);
	for (size_t i = 0; (key = conf_key_at(CONF_IFACE, i)); i++)
		print_key(key, iface, "\t\t", out);
	fprintf(out, "\t}");
}

void
conf_print(const struct conf *conf, FILE *out)
{
	print_global(conf, out);
	fprintf(out, "interfaces = (\n");
	for (size_t i = 0; i < conf->iface_count; i++) {
		print_iface(&conf->ifaces[i], out);
		fprintf(out, "%s\n", i + 1 < conf->iface_count ? "," : "");
	}
	fprintf(out, ");\n");
}
