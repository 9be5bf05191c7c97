// SPDX-License-Identifier: GPL-2.0-only
/*
 * SELinux enforces a policy in which each domain lacks one right over files of
 * vmm_t. The test compares SELinux's checks on a private file with those on a
 * guest_memfd.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guest_memfd/memfd.h"
#include "convert.h"
#include "device.h"
#include "domain.h"
#include "kinds.h"
#include "unit.h"

/* With this argument the program runs look(), after it has executed itself. */
#define LOOK "--look"

/* Above all the descriptors that a test has open */
#define EXEC_FD 100

static long do_fstat(int fd)
{
	struct stat stat;

	return fstat(fd, &stat);
}

static long do_map(int fd)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	       MAP_FAILED ? -1 : 0;
}

static long do_ioctl(int fd)
{
	return file_make_shared(fd, 0, PAGE, 0);
}

static long do_allocate(int fd)
{
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, PAGE);
}

static long do_punch(int fd)
{
	return fallocate(fd, HOLE, 0, PAGE);
}

static long do_open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

/*
 * Receives from the other end of a socket. A refused descriptor is missing from the
 * message.
 */
static long do_receive(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(socket, &message, MSG_DONTWAIT) != 1)
		return -1;
	if (CMSG_FIRSTHDR(&message))
		return 0;
	errno = message.msg_flags & MSG_CTRUNC ? EACCES : ENOMSG;
	return -1;
}

static int receive_as(const char *domain, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	} };
	struct iovec data = { .iov_base = "d", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int sockets[2], ret;

	expect_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets),
		  "socketpair");
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sockets[0], &message, 0), 1);
	ret = domain_try(domain, do_receive, sockets[1]);
	close(sockets[0]);
	close(sockets[1]);
	return ret;
}

static long do_take(int fd)
{
	int pidfd = syscall(SYS_pidfd_open, getppid(), 0);

	if (pidfd < 0) {
		errno = ESRCH;
		return -1;
	}
	return syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/*
 * Runs after exec. SELinux replaces a descriptor that the new domain may not use by
 * its null device.
 */
static int look(void)
{
	struct stat stat;

	if (fstat(EXEC_FD, &stat))
		return errno;
	return S_ISREG(stat.st_mode) && stat.st_size == FILE_SIZE ? 0 : EACCES;
}

static const char *execute_in;

static long do_execute(int fd)
{
	domain_enter_on_exec(execute_in);
	if (dup2(fd, EXEC_FD) < 0)
		return -1;
	execl("/proc/self/exe", "selinux", LOOK, NULL);
	return -1;
}

static int execute_as(const char *domain, int fd)
{
	execute_in = domain;
	return domain_try("root_t", do_execute, fd);
}

static int take_as(const char *domain, int fd)
{
	return domain_try(domain, do_take, fd);
}

static void expect_try(int expected, int ret, const struct kind *kind,
		       const char *call, const char *domain)
{
	if (ret == expected)
		return;
	print_error("%s: %s in %s: '%s' instead of '%s'\n", kind->name, call,
		    domain, strerror(ret), strerror(expected));
	fail();
}

static const struct kind *kind_of(void **state)
{
	const struct kind *(*kind)(void) = *state;

	return kind();
}

static const struct kind *private_kind(void)
{
	return &private_file;
}

/* Set once a policy that names our files is loaded */
static bool labeled;

static bool is_labeled(void)
{
	return labeled;
}

static bool is_unlabeled(void)
{
	return !labeled;
}

static bool is_labeled_with_kvm(void)
{
	return labeled && has_kvm();
}

static bool is_unlabeled_with_kvm(void)
{
	return !labeled && has_kvm();
}

static const struct fixture ours = {
	.name = "ours", .state = private_kind, .wanted = is_labeled,
};

static const struct fixture kvms = {
	.name = "KVM's", .state = guest_memfd_kind, .wanted = is_labeled_with_kvm,
};

static const struct fixture ours_unlabeled = { .wanted = is_unlabeled };
static const struct fixture kvms_unlabeled = {
	.name = "KVM's beside unlabeled ones",
	.state = guest_memfd_kind, .wanted = is_unlabeled_with_kvm,
};

/*
 * The type is the creator's. The domain that may use no other class shows the class.
 */
TEST(labels, &kvms_unlabeled, &ours, &kvms)
{
	const struct kind *kind = kind_of(state);
	int fd = kind_made_by(kind, "vmm_t");
	char label[CONTEXT_SIZE];

	snprintf(label, sizeof(label), "system_u:%s:vmm_t:s0", kind->role);
	expect_label(fd, label);
	expect_try(0, domain_try(kind->domain_of_class, do_fstat, fd), kind,
		   "fstat", kind->domain_of_class);
	expect_try(EACCES, domain_try(kind->domain_of_other, do_fstat, fd), kind,
		   "fstat", kind->domain_of_other);
	close(fd);
}

/*
 * Each call in a domain with all rights, in one that lacks its own right, and in one
 * without any
 */
TEST(using, &ours, &kvms)
{
	const struct kind *kind = kind_of(state);
	int fd = kind_made_by(kind, "vmm_t");
	const struct {
		const char *name;
		long (*call)(int fd);
		const char *lacking;
		int granted;
	} calls[] = {
		{ "fstat", do_fstat, "no_getattr_t", 0 },
		{ "mmap", do_map, "no_map_t", kind->map },
		{ "mmap for writing", do_map, "no_write_t", kind->map },
		{ "ioctl", do_ioctl, "no_ioctl_t", kind->ioctl },
		{ "fallocate", do_allocate, "no_write_t", 0 },
		{ "a hole", do_punch, "no_write_t", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct {
			const char *domain;
			int result;
		} tries[] = {
			{ "vmm_t", calls[i].granted },
			{ "ally_t", calls[i].granted },
			{ calls[i].lacking, EACCES },
			{ "no_file_t", EACCES },
		};

		for (unsigned int k = 0; k < ARRAY_SIZE(tries); k++)
			expect_try(tries[k].result,
				   domain_try(tries[k].domain, calls[i].call, fd),
				   kind, calls[i].name, tries[k].domain);
	}
	close(fd);
}

/*
 * For a received descriptor SELinux checks its use, and reading and writing the
 * file.
 */
TEST(passing, &ours, &kvms)
{
	const struct kind *kind = kind_of(state);
	int fd = kind_made_by(kind, "vmm_t");
	static const struct {
		const char *name;
		int (*pass)(const char *domain, int fd);
	} ways[] = {
		{ "SCM_RIGHTS", receive_as },
		{ "pidfd_getfd", take_as },
		{ "exec", execute_as },
	};
	static const struct {
		const char *domain;
		int result;
	} tries[] = {
		{ "ally_t", 0 },
		{ "no_fd_t", EACCES },
		{ "no_file_t", EACCES },
		{ "no_write_t", EACCES },
		/* This right isn't checked here. */
		{ "no_map_t", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(tries); k++)
			expect_try(tries[k].result,
				   ways[i].pass(tries[k].domain, fd), kind,
				   ways[i].name, tries[k].domain);
	close(fd);
}

static const struct kind *to_create;

static long do_create(int unused)
{
	(void)unused;
	return to_create->create();
}

/*
 * For our files SELinux checks the device's ioctl right, so that no_create_t may
 * query the device. For KVM's it checks the inode, as it doesn't check the VM's
 * ioctls.
 */
TEST(creating, &kvms_unlabeled, &ours, &kvms)
{
	to_create = kind_of(state);
	expect_try(0, domain_try("vmm_t", do_create, -1), to_create, "create", "vmm_t");
	expect_try(EACCES, domain_try("no_create_t", do_create, -1), to_create, "create",
		   "no_create_t");
}

static long do_get_info(int unused)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	int device = open("/dev/kvm_private", O_RDWR | O_CLOEXEC);

	(void)unused;
	return device < 0 ? -1 : ioctl(device, KVM_PRIVATE_GET_INFO, &info);
}

TEST(asking_the_device, &ours)
{
	expect_try(0, domain_try("no_create_t", do_get_info, -1), &private_file,
		   "GET_INFO", "no_create_t");
}

/* A rule for files with the name of Linux's own */
TEST(named_by_a_rule, &kvms)
{
	const struct kind *kind = guest_memfd_kind();
	int fd = kind_made_by(kind, "namer_t");

	expect_label(fd, "system_u:object_r:named_t:s0");
	close(fd);
}

/*
 * No right opens a file that can't be opened. Without rights SELinux refuses before
 * the file does.
 */
TEST(opening_again, &ours, &kvms)
{
	const struct kind *kind = kind_of(state);
	int fd = kind_made_by(kind, "vmm_t");

	expect_try(ENXIO, domain_try("ally_t", do_open_again, fd), kind, "open", "ally_t");
	expect_try(EACCES, domain_try("no_file_t", do_open_again, fd), kind, "open",
		   "no_file_t");
	close(fd);
}

/*
 * KVM looks a slot's file up by its descriptor, and SELinux checks nothing: it did
 * when the process received the descriptor.
 */
static long do_slot(int unused)
{
	int vm, file = guest_memfd_create(&vm);
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, FILE_SIZE, file, 0);

	(void)unused;
	if (file < 0)
		return -1;
	domain_enter("no_file_t");
	if (!do_fstat(file) || errno != EACCES) {
		errno = ENOMSG;
		return -1;
	}
	return region_try(vm, &region);
}

TEST(backing_a_slot, &kvms)
{
	expect_try(0, domain_try("vmm_t", do_slot, -1), guest_memfd_kind(), "a slot",
		   "no_file_t");
}

/*
 * Under a policy without kvm_private our files are treated like any unknown object.
 */
TEST(unlabeled, &ours_unlabeled)
{
	const struct kind *kind = &private_file;
	int fd = kind_made_by(kind, "vmm_t");

	expect_label(fd, "system_u:object_r:unlabeled_t:s0");
	expect_try(0, domain_try("ally_t", do_fstat, fd), kind, "fstat", "ally_t");
	expect_try(EACCES, domain_try("confined_t", do_fstat, fd), kind, "fstat",
		   "confined_t");
	expect_try(EACCES, receive_as("confined_t", fd), kind, "SCM_RIGHTS", "confined_t");
	close(fd);
}

static int load_unlabeled(void **state)
{
	(void)state;
	policy_load("unlabeled.policy");
	return 0;
}

static int load_labeled(void **state)
{
	(void)state;
	policy_load("labeled.policy");
	return 0;
}

int main(int argc, char **argv)
{
	int failed;

	if (argc == 2 && !strcmp(argv[1], LOOK))
		return look();

	failed = tests_run("SELinux: not in the policy",
			   &(struct fixture){ .setup = load_unlabeled });
	labeled = true;
	return failed + tests_run("SELinux", &(struct fixture){ .setup = load_labeled });
}
