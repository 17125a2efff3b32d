/* SPDX-License-Identifier: ISC */

/* Datagrams of one receive call, taken one by one, in as many turns of the loop
 * as that takes. */

#include "rsvpd/net_raw_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	BATCH = 64,
	SLOT = 65536 + 512, /* a whole IP datagram; pages are used as needed */
	CONTROL = 256
};

struct net_batch {
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	union net_name names[BATCH];
	_Alignas(struct cmsghdr) char controls[BATCH][CONTROL];
	uint8_t *slots; /* BATCH of them */
	size_t count;   /* received */
	size_t taken;   /* of them */
};

struct net_batch *
net_batch_new(void)
{
	struct net_batch *batch = (struct net_batch *)calloc(1, sizeof(*batch));
	void *slots;

	if (!batch)
		return NULL;
	/* Memory that nobody touched costs nothing: only large messages make
	 * it grow. */
	slots = mmap(NULL, (size_t)BATCH * SLOT, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED) {
		free(batch);
		return NULL;
	}
	batch->slots = (uint8_t *)slots;
	return batch;
}

void
net_batch_free(struct net_batch *batch)
{
	if (!batch)
		return;
	(void)munmap(batch->slots, (size_t)BATCH * SLOT); /* our own mapping */
	free(batch);
}

/* The kernel overwrites the lengths in every call. */
static void
prepare(struct net_batch *batch)
{
	for (size_t i = 0; i < BATCH; i++) {
		batch->iov[i] =
			(struct iovec){ .iov_base = batch->slots + i * SLOT,
				.iov_len = SLOT };
		batch->messages[i].msg_hdr =
			(struct msghdr){ .msg_name = &batch->names[i],
				.msg_namelen = sizeof(batch->names[i]),
				.msg_iov = &batch->iov[i],
				.msg_iovlen = 1,
				.msg_control = batch->controls[i],
				.msg_controllen = CONTROL };
	}
}

int
net_batch_receive(struct net_batch *batch, int fd)
{
	int count;

	if (net_batch_left(batch) > 0)
		return 0;
	prepare(batch);
	count = recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
	batch->taken = 0;
	batch->count = count > 0 ? (size_t)count : 0;
	return count < 0 ? -errno : 0;
}

size_t
net_batch_left(const struct net_batch *batch)
{
	return batch->count - batch->taken;
}

struct mmsghdr *
net_batch_take(struct net_batch *batch)
{
	if (net_batch_left(batch) == 0)
		return NULL;
	return &batch->messages[batch->taken++];
}
