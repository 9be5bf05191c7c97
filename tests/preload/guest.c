// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of guest_memfd without knowledge of kvm_private: it runs guests the way
 * it would with a file of KVM's own. Only the assertions about the file depend on
 * the library.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "convert.h"
#include "guests.h"
#include "layout.h"
#include "preloaded.h"
#include "touch.h"
#include "unit.h"
#include "vcpu.h"
#include "vm.h"

#define VALUE		0x1122334455667788ULL
/* Private pages with code and with data */
#define PRIVATE_CODE	DATA_GPA
#define PRIVATE_DATA	(DATA_GPA + 0x10000)
#define PRIVATE_SIZE	0x20000

struct client {
	int vm;
	struct slot slot;
	struct vcpu cpu;
};

/* Page tables and guests are in shared memory, above DATA_GPA all is private. */
static void client_start(struct client *client)
{
	client->vm = vm_create();
	client->slot.file = expect_ok(guest_memfd(client->vm, MEM_SIZE, 0),
				      "KVM_CREATE_GUEST_MEMFD");
	client->slot.id = 0;
	client->slot.gpa = 0;
	client->slot.offset = 0;
	client->slot.size = MEM_SIZE;
	client->slot.host = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(client->slot.host, MAP_FAILED);
	vm_load_at(client->slot.host);
	expect_ok(vm_try_slot(client->vm, &client->slot), "the slot");
	expect_ok(vm_try_attributes(client->vm, DATA_GPA, PRIVATE_SIZE, true),
		  "KVM_SET_MEMORY_ATTRIBUTES");
	vcpu_open(&client->cpu, client->vm, 0);
}

static void client_stop(struct client *client)
{
	vcpu_close(&client->cpu);
	close(client->vm);
	close(client->slot.file);
	munmap(client->slot.host, MEM_SIZE);
}

static __u64 *host_word(struct client *client, __u64 gpa)
{
	return (__u64 *)((char *)client->slot.host + gpa);
}

/* KVM itself has this rule: an ordinary VM has no use for such a file. */
TEST(ordinary_vms_take_no_slot)
{
	struct slot slot = { .size = PAGE };
	int vm = vm_create_ordinary();

	slot.file = expect_ok(guest_memfd(vm, PAGE, 0), "creating");
	expect_error(EINVAL, vm_try_slot(vm, &slot), "the slot");
	close(slot.file);
	slot.file = expect_ok(native_guest_memfd(vm, PAGE, 0), "creating natively");
	expect_error(EINVAL, vm_try_slot(vm, &slot), "the slot, natively");
	close(slot.file);
	close(vm);
}

TEST(writes_go_to_the_file)
{
	struct client client;

	client_start(&client);
	assert_true(is_ours(client.slot.file));
	expect_error(ENXIO, lseek(client.slot.file, 0, SEEK_DATA), "still empty");
	*host_word(&client, PRIVATE_DATA) = ~VALUE;

	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0), 0);
	vcpu_call(&client.cpu, guest_poke, PRIVATE_DATA, VALUE, 0);
	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0),
			 VALUE);
	assert_int_equal(*host_word(&client, PRIVATE_DATA), ~VALUE);
	assert_int_equal(lseek(client.slot.file, 0, SEEK_DATA), PRIVATE_DATA);
	assert_int_equal(lseek(client.slot.file, PRIVATE_DATA, SEEK_HOLE),
			 PRIVATE_DATA + PAGE);
	client_stop(&client);
}

TEST(code_runs_from_the_file)
{
	struct client client;
	struct kvm_regs regs = {
		.rdi = PRIVATE_CODE,
		.rsi = CODE_GPA,
		.rcx = CODE_SIZE / 8,
	};

	client_start(&client);
	vcpu_enter(&client.cpu, guest_movs, &regs);
	vcpu_expect(&client.cpu, vcpu_run(&client.cpu), KVM_EXIT_HLT);
	/* From here on only the private copy can be executed. */
	memset(host_word(&client, CODE_GPA), 0xcc, CODE_SIZE);

	regs = (struct kvm_regs){
		.rip = PRIVATE_CODE + (guest_poke - guests_begin),
		.rflags = 2,
		.rdi = PRIVATE_DATA,
		.rsi = VALUE,
	};
	vcpu_set_regs(&client.cpu, &regs);
	vcpu_expect(&client.cpu, vcpu_run(&client.cpu), KVM_EXIT_HLT);
	regs.rip = PRIVATE_CODE + (guest_peek - guests_begin);
	vcpu_set_regs(&client.cpu, &regs);
	vcpu_expect(&client.cpu, vcpu_run(&client.cpu), KVM_EXIT_HLT);
	assert_int_equal(vcpu_regs(&client.cpu).rax, VALUE);
	client_stop(&client);
}

TEST(shared_again)
{
	struct client client;

	client_start(&client);
	*host_word(&client, PRIVATE_DATA) = ~VALUE;
	vcpu_call(&client.cpu, guest_poke, PRIVATE_DATA, VALUE, 0);
	expect_ok(vm_try_attributes(client.vm, DATA_GPA, PRIVATE_SIZE, false),
		  "shared again");
	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0),
			 ~VALUE);
	expect_ok(file_punch(client.slot.file, 0, MEM_SIZE), "punching");
	expect_ok(vm_try_attributes(client.vm, DATA_GPA, PRIVATE_SIZE, true),
		  "private again");
	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0), 0);
	client_stop(&client);
}

/*
 * KVM_CAP_GUEST_MEMFD_FLAGS promises that a slot takes the file, which then says
 * what is private.
 */
TEST(a_file_that_can_be_mapped)
{
	struct client client = { .vm = vm_create() };
	int fd = expect_ok(guest_memfd(client.vm, MEM_SIZE, GUEST_MMAP), "MMAP");
	char *map = file_map(fd, MEM_SIZE);

	expect_sigbus(map + DATA_GPA, "pages start private");
	expect_ok(file_make_shared(fd, 0, MEM_SIZE, 0), "sharing");
	vm_load_at(map);
	client.slot.file = fd;
	client.slot.size = MEM_SIZE;
	client.slot.host = map;
	*host_word(&client, PRIVATE_DATA) = VALUE;
	expect_ok(vm_try_slot(client.vm, &client.slot), "the slot");
	vcpu_open(&client.cpu, client.vm, 0);
	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0),
			 VALUE);
	expect_ok(file_make_private(fd, PRIVATE_DATA, PAGE, 0),
		  "making private");
	expect_sigbus(map + PRIVATE_DATA, "private again");
	assert_int_equal(vcpu_call(&client.cpu, guest_peek, PRIVATE_DATA, 0, 0),
			 VALUE);
	client_stop(&client);
}

int main(int argc, char **argv)
{
	(void)argc;
	preloaded(argv);
	return tests_run("guest", NULL);
}
