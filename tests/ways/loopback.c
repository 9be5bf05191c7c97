// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"

static int new_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* The machine may have no network at all. This brings 127.0.0.1 up. */
static int bring_up(int any_socket)
{
	struct ifreq request = {
		.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING,
	};

	return ioctl(any_socket, SIOCSIFFLAGS, &request);
}

static int set(int socket, int option, int value)
{
	return setsockopt(socket, SOL_SOCKET, option, &value, sizeof(value));
}

/* The receiver's socket inherits the listener's options. */
static int connect_both(struct loopback *loopback, int listener)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t size = sizeof(address);

	if (bring_up(listener) || set(listener, SO_RCVBUF, LOOPBACK_RECEIVED) ||
	    bind(listener, any, size) || listen(listener, 1) ||
	    getsockname(listener, any, &size))
		return -1;
	if (set(loopback->sender, SO_ZEROCOPY, 1) ||
	    set(loopback->sender, SO_SNDBUFFORCE, LOOPBACK_SENT) ||
	    connect(loopback->sender, any, size))
		return -1;
	loopback->receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return loopback->receiver;
}

int loopback_open(struct loopback *loopback)
{
	int listener = new_socket(), result = 0;

	*loopback = (struct loopback){ .sender = new_socket(), .receiver = -1 };
	if (connect_both(loopback, listener) < 0)
		result = -errno;
	close(listener);
	if (result)
		loopback_close(loopback);
	return result;
}

void loopback_close(struct loopback *loopback)
{
	close(loopback->sender);
	close(loopback->receiver);
}
