// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page is sent with MSG_ZEROCOPY while it is shared, and becomes private before the
 * receiver has read it. The receiver must not get content that is written from then
 * on.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "convert.h"
#include "huge.h"
#include "loopback.h"
#include "poll_until.h"
#include "stamp.h"
#include "trial.h"

#define SIZE	(2 * HUGE_PAGE)
#define OFFSET	(3 * PAGE)
#define PUBLIC	0x9b11c0de9b11c0deULL
#define TAG	0x2e70c09edb000000ULL
#define SECRET	(TAG + OFFSET)

/* More than the receiver has room for: the rest stays with the sender. */
#define AHEAD	(4 * LOOPBACK_RECEIVED)

static const char *kind;
static int fd;
static char *map;
static struct loopback loopback;

static int try_private(void)
{
	return file_make_private(fd, OFFSET, PAGE, CONVERT_PRESERVE);
}

static void send_all(const void *data, size_t size, int flags)
{
	assert_int_equal(send(loopback.sender, data, size, flags), size);
}

static void receive_all(void *data, size_t size)
{
	assert_int_equal(recv(loopback.receiver, data, size, MSG_WAITALL), size);
}

static void become_private(void)
{
	struct poll poll = poll_start();
	int ret;

	while ((ret = try_private()) && errno == EAGAIN)
		assert_true(poll_again(&poll));
	expect_ok(ret, "to private");
	file_stamp(fd, OFFSET, PAGE, TAG);
}

static void expect_received(const char *way, const char *how)
{
	__u64 page[PAGE / sizeof(__u64)];

	receive_all(page, PAGE);
	tell(kind, "holder", way, "%zu bytes, %s", words_in(page, PAGE, SECRET),
	     how);
	assert_int_equal(words_in(page, PAGE, PUBLIC), PAGE);
}

static int create(void **state)
{
	kind = *state;
	fd = file_of_kind(kind, SIZE);
	map = file_map(fd, SIZE);
	expect_ok(file_make_shared(fd, OFFSET, PAGE, 0), "sharing");
	for (__u64 i = 0; i < PAGE; i += sizeof(__u64))
		*(__u64 *)(map + OFFSET + i) = PUBLIC;
	return loopback_open(&loopback);
}

static int destroy(void **state)
{
	(void)state;
	loopback_close(&loopback);
	munmap(map, SIZE);
	return close(fd);
}

static const struct fixture mapped = KIND_FIXTURE(mapped, create, destroy);
static const struct fixture huge = KIND_FIXTURE(huge, create, destroy);

/* The part that stays with the sender as long as the receiver has no room for it */
TEST(not_yet_sent, &mapped, &huge)
{
	static char ahead[AHEAD];

	send_all(ahead, sizeof(ahead), 0);
	send_all(map + OFFSET, PAGE, MSG_ZEROCOPY);
	expect_error(EAGAIN, try_private(), "in flight");
	/*
	 * A sender that shuts its side of the connection down gains nothing either.
	 */
	expect_ok(shutdown(loopback.sender, SHUT_WR), "shutdown");
	expect_error(EAGAIN, try_private(), "in flight, and nothing follows");
	receive_all(ahead, sizeof(ahead));
	expect_received("send, MSG_ZEROCOPY, on its way", "EAGAIN until it arrives");
	become_private();
}

/* The kernel's notification that it is done with the sender's page */
static void expect_copied(void)
{
	char control[256];
	struct msghdr message = {
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	const struct sock_extended_err *said;

	expect_ok(recvmsg(loopback.sender, &message, MSG_ERRQUEUE), "recvmsg");
	assert_non_null(CMSG_FIRSTHDR(&message));
	said = (const void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	assert_int_equal(said->ee_origin, SO_EE_ORIGIN_ZEROCOPY);
	assert_int_equal(said->ee_code, SO_EE_CODE_ZEROCOPY_COPIED);
}

/* The loopback device copies on arrival, which the sender learns a while later. */
TEST(not_yet_read, &mapped, &huge)
{
	send_all(map + OFFSET, PAGE, MSG_ZEROCOPY);
	become_private();
	expect_copied();
	expect_received("send, MSG_ZEROCOPY, not yet read", "a copy");
}

TEST_MAIN("ways in: in flight")
