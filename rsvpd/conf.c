/* SPDX-License-Identifier: ISC */
/* The life of a configuration, and looking things up in it. */
#include "conf.h"

#include <stdlib.h>
#include <string.h>

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	free(conf->ifaces);
	free(conf);
}

static int
compare_name(const void *name, const void *iface)
{
	return strcmp(
		(const char *)name, ((const struct conf_iface *)iface)->name);
}

const struct conf_iface *
conf_iface_find(const struct conf *conf, const char *name)
{
	if (conf->iface_count == 0)
		return NULL;
	return (const struct conf_iface *)bsearch(name, conf->ifaces,
		conf->iface_count, sizeof(conf->ifaces[0]), compare_name);
}
