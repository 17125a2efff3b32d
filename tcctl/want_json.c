/* SPDX-License-Identifier: ISC */

/*
 * What should be, from a JSON file.  Each kind of object is a table of keys; a
 * key that is not in it is an error, with the nearest one that is.
 */

#include <jansson.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli_int.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum key_type {
	K_RATE, /* octets a second, or text with a unit; 64 bits */
	K_SIZE, /* octets, or text with a unit; 64 bits */
	K_SIZE32,
	K_U32,
	K_U16,
	K_U8,
	K_BOOL,
	K_NAME,
	K_ADDR,
	K_SERVICE,
	K_LABEL,
	K_CLASSIFIER,
	K_LIST /* read by whoever asked */
};

struct key {
	const char *name;
	enum key_type type;
	bool required;
	size_t offset;
};

/* clang-format off */
static const struct key top_keys[] = {
	{ "schema",     K_LIST, false, 0 },
	{ "interfaces", K_LIST, true,  0 },
};

#define AT(member) offsetof(struct tc_iface, member)
static const struct key iface_keys[] = {
	{ "name",         K_NAME,   true,  AT(name) },
	{ "link",         K_RATE,   true,  AT(link_Bps) },
	{ "best_effort",  K_RATE,   false, AT(best_effort_Bps) },
	{ "control",      K_RATE,   false, AT(control_Bps) },
	{ "mtu",          K_U32,    false, AT(mtu) },
	{ "header_bytes", K_U32,    false, AT(header_bytes) },
	{ "overhead_bytes", K_U32,  false, AT(overhead_bytes) },
	{ "min_frame_bytes", K_U32, false, AT(min_frame_bytes) },
	{ "atm",          K_BOOL,   false, AT(atm) },
	{ "timer_us",     K_U32,    false, AT(timer_us) },
	{ "take_over",    K_BOOL,   false, AT(take_over) },
	{ "classifier",   K_CLASSIFIER, false, AT(classifier) },
	{ "flows",        K_LIST,   false, 0 },
};
#undef AT

#define AT(member) offsetof(struct tc_flow, member)
static const struct key flow_keys[] = {
	{ "id",         K_U32,     true,  AT(id) },
	{ "service",    K_SERVICE, true,  AT(service) },
	{ "rate",       K_RATE,    true,  AT(rate_Bps) },
	{ "peak",       K_RATE,    false, AT(peak_Bps) },
	{ "bucket",     K_SIZE,    false, AT(bucket_bytes) },
	{ "max_packet", K_SIZE32,  false, AT(max_packet_bytes) },
	{ "min_packet", K_SIZE32,  false, AT(min_packet_bytes) },
	{ "buffer",     K_SIZE,    false, AT(buffer_bytes) },
	{ "filters",    K_LIST,    true,  0 },
};
#undef AT

#define AT(member) offsetof(struct tc_filter, member)
static const struct key filter_keys[] = {
	{ "dst",        K_ADDR,  true,  AT(dst) },
	{ "src",        K_ADDR,  false, AT(src) },
	{ "proto",      K_U8,    false, AT(proto) },
	{ "dst_port",   K_U16,   false, AT(dst_port) },
	{ "src_port",   K_U16,   false, AT(src_port) },
	{ "flow_label", K_LABEL, false, AT(flow_label) },
	{ "spi",      K_U32,   false, AT(spi) },
};
#undef AT
/* clang-format on */

/* Where we are in the file, and the first thing that is wrong. */
struct reading {
	char where[96];
	struct text problem;
	bool failed;
};

TEXT_PRINTF(3, 4)
static bool
fail(struct reading *r, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (r->failed)
		return false;
	r->failed = true;
	text_printf(&r->problem, "%s%s%s: ", r->where,
		r->where[0] != '\0' && key[0] != '\0' ? "." : "", key);
	va_start(ap, fmt);
	text_vprintf(&r->problem, fmt, ap);
	va_end(ap);
	return false;
}

static bool
get_number(struct reading *r, const struct key *key, const json_t *v,
	uint64_t most, uint64_t *ret)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n > most)
		return fail(r, key->name, "must be a whole number up to %llu",
			(unsigned long long)most);
	*ret = (uint64_t)n;
	return true;
}

/* A number in octets, or a text with its unit. */
static bool
get_quantity(struct reading *r, const struct key *key, const json_t *v,
	uint64_t *ret)
{
	const char *text = json_string_value(v);
	bool rate = key->type == K_RATE;

	if (!text)
		return get_number(r, key, v, INT64_MAX, ret);
	if (rate ? text_parse_rate(text, ret) : text_parse_size(text, ret))
		return true;
	return fail(r, key->name, "\"%s\" is no %s (for example \"%s\")", text,
		rate ? "rate" : "size", rate ? "2 Mbit" : "16 kB");
}

static bool
get_text(struct reading *r, const struct key *key, const json_t *v, void *to)
{
	const char *text = json_string_value(v);

	if (!text)
		return fail(r, key->name, "must be a text");
	if (key->type == K_NAME)
		return (text_copy((char *)to, TC_NAME, text) &&
			       text[0] != '\0') ||
		       fail(r, key->name, "\"%s\" is no interface name", text);
	if (key->type == K_ADDR)
		return addr_parse(text, (struct addr *)to) ||
		       fail(r, key->name, "\"%s\" is no address", text);
	if (strcmp(text, "GS") != 0 && strcmp(text, "CL") != 0)
		return fail(r, key->name, "must be \"GS\" or \"CL\"");
	*(uint8_t *)to = text[0] == 'G' ? TC_SERVICE_GS : TC_SERVICE_CL;
	return true;
}

static bool
get_classifier(
	struct reading *r, const struct key *key, const json_t *v, uint8_t *to)
{
	static const char *const words[TC_CLASSIFIERS] = {
		[TC_CLASSIFIER_AUTO] = "auto",
		[TC_CLASSIFIER_U32] = "u32",
		[TC_CLASSIFIER_FLOWER] = "flower"
	};

	for (size_t i = 0; i < TC_CLASSIFIERS; i++)
		if (json_is_string(v) &&
			strcmp(json_string_value(v), words[i]) == 0) {
			*to = (uint8_t)i;
			return true;
		}
	return fail(r, key->name, "must be auto, u32 or flower");
}

static bool
get_label(struct reading *r, const struct key *key, const json_t *v,
	struct tc_filter *filter)
{
	uint64_t n = 0;

	if (!get_number(r, key, v, 0xfffff, &n))
		return false;
	filter->by_label = true;
	filter->flow_label = (uint32_t)n;
	return true;
}

static bool
get_value(struct reading *r, const struct key *key, const json_t *v, void *into)
{
	uint8_t *to = (uint8_t *)into + key->offset;
	uint64_t n = 0;
	uint32_t u32;
	uint16_t u16;

	switch (key->type) {
	case K_RATE:
	case K_SIZE:
		if (get_quantity(r, key, v, &n))
			memcpy(to, &n, sizeof(n));
		break;
	case K_SIZE32:
	case K_U32:
		if (key->type == K_U32 ? get_number(r, key, v, UINT32_MAX, &n)
				       : get_quantity(r, key, v, &n)) {
			if (n > UINT32_MAX)
				return fail(r, key->name, "is too large");
			u32 = (uint32_t)n;
			memcpy(to, &u32, sizeof(u32));
		}
		break;
	case K_U16:
		if (get_number(r, key, v, UINT16_MAX, &n)) {
			u16 = (uint16_t)n;
			memcpy(to, &u16, sizeof(u16));
		}
		break;
	case K_U8:
		if (get_number(r, key, v, UINT8_MAX, &n))
			*to = (uint8_t)n;
		break;
	case K_BOOL:
		if (!json_is_boolean(v))
			return fail(r, key->name, "must be true or false");
		*to = json_is_true(v);
		break;
	case K_NAME:
	case K_ADDR:
	case K_SERVICE:
		return get_text(r, key, v, to);
	case K_LABEL:
		return get_label(r, key, v, (struct tc_filter *)into);
	case K_CLASSIFIER:
		return get_classifier(r, key, v, to);
	case K_LIST:
		break;
	}
	return !r->failed;
}

static bool
unknown(struct reading *r, const struct key *keys, size_t count,
	const char *name)
{
	enum { FAR = 4 };
	size_t best = FAR;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t distance = text_distance(name, keys[i].name, FAR);

		if (distance < best) {
			best = distance;
			nearest = keys[i].name;
		}
	}
	return nearest ? fail(r, name, "is no key here; did you mean %s?",
				 nearest)
		       : fail(r, name, "is no key here");
}

/* All members of an object by its table. */
static bool
get_object(struct reading *r, json_t *object, const struct key *keys,
	size_t count, void *to)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return fail(r, "", "must be an object");
	json_object_foreach(object, name, value)
	{
		size_t i = 0;

		while (i < count && strcmp(keys[i].name, name) != 0)
			i++;
		if (i == count)
			return unknown(r, keys, count, name);
		if (!get_value(r, &keys[i], value, to))
			return false;
	}
	for (size_t i = 0; i < count; i++)
		if (keys[i].required && !json_object_get(object, keys[i].name))
			return fail(r, keys[i].name, "is missing");
	return true;
}

/* The members of a list; NULL and a count of 0 when there is none. */
static bool
get_list(struct reading *r, const json_t *object, const char *name, size_t most,
	json_t **ret_list)
{
	json_t *list = json_object_get(object, name);

	*ret_list = list;
	if (!list)
		return true;
	if (!json_is_array(list))
		return fail(r, name, "must be a list");
	if (json_array_size(list) > most)
		return fail(r, name, "has more than %zu members", most);
	return true;
}

/* Step into member i of a list: the old place is returned by its length. */
static size_t
enter(struct reading *r, const char *list, size_t i)
{
	size_t before = strlen(r->where);
	struct text t = text_over(r->where + before, sizeof(r->where) - before);

	text_printf(&t, "%s%s[%zu]", before > 0 ? "." : "", list, i);
	return before;
}

static bool
get_filter(struct reading *r, json_t *object, struct tc_filter *filter)
{
	const char *problem;

	filter->proto = IPPROTO_UDP;
	if (!get_object(r, object, filter_keys, COUNT(filter_keys), filter))
		return false;
	problem = tc_filter_problem(filter);
	return !problem || fail(r, "", "%s", problem);
}

static bool
get_flow(struct reading *r, json_t *object, const struct tc_iface *conf,
	struct tc_flow *flow)
{
	json_t *filters = NULL;
	const char *problem;

	flow->ifindex = conf->ifindex;
	flow->max_packet_bytes = tc_mtu_octets(conf);
	if (!get_object(r, object, flow_keys, COUNT(flow_keys), flow) ||
		!get_list(r, object, "filters", TC_FILTERS_MAX, &filters))
		return false;
	for (size_t i = 0; i < json_array_size(filters); i++) {
		size_t before = enter(r, "filters", i);

		if (!get_filter(r, json_array_get(filters, i),
			    &flow->filters[flow->filter_count++]))
			return false;
		r->where[before] = '\0';
	}
	if (flow->id == 0)
		return fail(r, "id", "must not be 0");
	problem = tc_flow_problem(conf, flow);
	return !problem || fail(r, "", "%s", problem);
}

static bool
is_doubled(const struct want_iface *iface, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (iface->flows[i].id == iface->flows[n].id)
			return true;
	return false;
}

static bool
get_flows(struct reading *r, const json_t *object, struct want_iface *iface)
{
	enum { FLOWS_MAX = 65000 };
	json_t *flows = NULL;
	size_t count;

	if (!get_list(r, object, "flows", FLOWS_MAX, &flows))
		return false;
	count = json_array_size(flows);
	iface->flows = (struct tc_flow *)calloc(
		count > 0 ? count : 1, sizeof(*iface->flows));
	if (!iface->flows)
		return fail(r, "flows", "out of memory");
	for (size_t i = 0; i < count; i++) {
		size_t before = enter(r, "flows", i);

		if (!get_flow(r, json_array_get(flows, i), &iface->conf,
			    &iface->flows[i]))
			return false;
		if (is_doubled(iface, i))
			return fail(
				r, "id", "%u stands twice", iface->flows[i].id);
		iface->flow_count++;
		r->where[before] = '\0';
	}
	return true;
}

/* What the file leaves out, from the kernel. */
static bool
fill_from_kernel(struct reading *r, struct tc_iface *conf)
{
	enum { ETHERNET_HEADER = 14, IDLE_MAX = 32000, TIMER_US = 200 };
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	conf->ifindex = if_nametoindex(conf->name);
	(void)text_copy(ifr.ifr_name, sizeof(ifr.ifr_name), conf->name);
	ok = fd >= 0 && conf->ifindex != 0;
	if (ok && conf->mtu == 0 && ioctl(fd, SIOCGIFMTU, &ifr) == 0)
		conf->mtu = (uint32_t)ifr.ifr_mtu;
	if (ok && conf->header_bytes == 0 &&
		ioctl(fd, SIOCGIFHWADDR, &ifr) == 0 &&
		ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER)
		conf->header_bytes = ETHERNET_HEADER;
	if (fd >= 0)
		close(fd);
	if (conf->best_effort_Bps == 0)
		conf->best_effort_Bps = conf->link_Bps / 20;
	if (conf->control_Bps == 0)
		conf->control_Bps = conf->link_Bps / 100;
	if (conf->timer_us == 0)
		conf->timer_us = TIMER_US;
	conf->pool_high = IDLE_MAX; /* what is idle stays */
	return ok || fail(r, "name", "there is no interface %s", conf->name);
}

static bool
get_iface(struct reading *r, json_t *object, struct want_iface *iface)
{
	const char *problem;

	if (!get_object(
		    r, object, iface_keys, COUNT(iface_keys), &iface->conf) ||
		!fill_from_kernel(r, &iface->conf))
		return false;
	problem = tc_iface_problem(&iface->conf);
	if (problem)
		return fail(r, "", "%s", problem);
	return get_flows(r, object, iface);
}

static bool
get_want(struct reading *r, json_t *root, struct want *want)
{
	enum { IFACES_MAX = 256 };
	json_t *ifaces = NULL;
	size_t count;

	if (!get_object(r, root, top_keys, COUNT(top_keys), want) ||
		!get_list(r, root, "interfaces", IFACES_MAX, &ifaces))
		return false;
	count = json_array_size(ifaces);
	want->ifaces = (struct want_iface *)calloc(
		count > 0 ? count : 1, sizeof(*want->ifaces));
	if (!want->ifaces)
		return fail(r, "", "out of memory");
	for (size_t i = 0; i < count; i++) {
		size_t before = enter(r, "interfaces", i);

		want->count++;
		if (!get_iface(r, json_array_get(ifaces, i), &want->ifaces[i]))
			return false;
		r->where[before] = '\0';
	}
	return true;
}

static json_t *
load(const struct cli_file *file, struct text *problem)
{
	json_error_t error;
	json_t *root = json_loadb(
		file->text, file->len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		text_printf(problem, "%s:%d: %s", file->path, error.line,
			error.text);
	return root;
}

bool
want_read(
	const struct cli_file *file, struct want *ret_want, char text[TC_TEXT])
{
	struct reading r = { .problem = text_over(text, TC_TEXT) };
	json_t *root = load(file, &r.problem);
	struct want want = { 0 };
	bool ok;

	if (!root)
		return false;
	text_printf(&r.problem, "%s: ", file->path);
	ok = get_want(&r, root, &want);
	json_decref(root);
	if (ok)
		*ret_want = want;
	else
		want_done(&want);
	return ok;
}

void
want_done(struct want *want)
{
	for (size_t i = 0; i < want->count; i++)
		free(want->ifaces[i].flows);
	free(want->ifaces);
	*want = (struct want){ 0 };
}
