/* SPDX-License-Identifier: ISC */

/* What the engine has in force when policyd starts; see serve_found_int.h. */

#include "serve_found_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "policy/policy.h"

/* The whole of the memory; what is in it is judged by whoever uses it.  0 or
 * negative errno. */
static int
read_memory(int fd, uint8_t **ret_bytes, size_t *ret_len)
{
	struct stat st;
	uint8_t *bytes;
	size_t done = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
		st.st_size > POLICY_SNAPSHOT_MAX)
		return -EINVAL;
	bytes = (uint8_t *)alloc_get(alloc_heap(), (size_t)st.st_size);
	if (!bytes)
		return -ENOMEM;
	while (done < (size_t)st.st_size) {
		const ssize_t n = pread(fd, bytes + done,
			(size_t)st.st_size - done, (off_t)done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			alloc_put(alloc_heap(), bytes);
			return n == 0 ? -EIO : -errno;
		}
	}
	*ret_bytes = bytes;
	*ret_len = done;
	return 0;
}

struct worker_found
found_read(const struct msg *m, int fd)
{
	struct worker_found found = { 0 };
	struct buf_reader r = m->body;
	struct msg_attr a;
	int rc;

	while (msg_attr_next(&r, &a)) {
		if (a.type == POLICY_ATTR_GENERATION)
			found.generation = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_HELD)
			found.held = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_HELD_TIME)
			found.held_unix_s = (int64_t)msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_ANSWER_TIME)
			found.answer_unix_s = (int64_t)msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_RELEASE)
			found.release = msg_get_u64(&a);
		if (a.body.failed)
			return (struct worker_found){ 0 };
	}
	if (r.failed || found.generation == 0 || fd < 0)
		return found;
	rc = read_memory(fd, &found.snapshot, &found.len);
	if (rc < 0)
		log_warn(LOG_POLICY,
			"engine: what is in force cannot be read (%s)",
			strerror(-rc));
	return found;
}
