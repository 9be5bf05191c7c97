// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM and kvm_private come and go apart from each other. The working directory holds
 * kvm_private.ko, built with another number of the interface.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_log.h"
#include "kmod.h"
#include "machine.h"
#include "modules.h"
#include "workers.h"

#define TAG	0x6500000000000000ULL
#define PAGES	16
#define ROUNDS	5

static const char *vendor;

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

static void load(const char *command)
{
	char line[128];

	snprintf(line, sizeof(line), "modprobe %s", command);
	assert_int_equal(system(line), 0);
}

static void unload(const char *module)
{
	if (is_loaded(module))
		expect_ok(module_unload(module), "unloading %s", module);
}

/* Loads KVM anew with these parameters, without kvm_private. */
static void kvm_alone(const char *parameters)
{
	char command[64];

	unload(vendor);
	unload("kvm");
	unload("kvm_private");
	snprintf(command, sizeof(command), "kvm %s", parameters);
	load(command);
	load(vendor);
	assert_false(is_loaded("kvm_private"));
}

static int native_setup(void **state)
{
	(void)state;
	kvm_alone("");
	return 0;
}

static int provider_setup(void **state)
{
	(void)state;
	kvm_alone("guest_memfd_provider=kvm_private");
	return 0;
}

static const struct fixture native = { .setup = native_setup };
static const struct fixture provider = { .setup = provider_setup };

static void expect_ordinary_guest(void)
{
	int kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "open /dev/kvm");
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, 0UL), "KVM_CREATE_VM");
	char *memory = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region2 region = {
		.memory_size = MEM_SIZE, .userspace_addr = (uintptr_t)memory,
	};
	struct vcpu cpu;

	assert_ptr_not_equal(memory, MAP_FAILED);
	vm_load_at(memory);
	expect_ok(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region), "an ordinary slot");
	vcpu_open(&cpu, vm, 0);
	fill(&cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&cpu, DATA_GPA, PAGES, TAG);
	vcpu_close(&cpu);
	close(vm);
	close(kvm);
	munmap(memory, MEM_SIZE);
}

/* A guest in a file, and nothing left of it */
static void expect_private_guest(void)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, 0);
	fill(&m.cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m.cpu, DATA_GPA, PAGES, TAG);
	machine_stop(&m);
}

static int try_file(int vm, int file)
{
	return vm_try_slot(vm, &(struct slot){ .file = file, .size = MEM_SIZE });
}

/* Other files get the answers of KVM as Linux has it. */
static void expect_others_refused(void)
{
	int vm = vm_create();
	int null = expect_ok(open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null");
	int event = expect_ok(eventfd(0, EFD_CLOEXEC), "eventfd");
	int memory = expect_ok(memfd_create("other", MFD_CLOEXEC), "memfd_create");

	expect_error(EINVAL, try_file(vm, null), "/dev/null");
	expect_error(EINVAL, try_file(vm, event), "an eventfd");
	expect_error(EINVAL, try_file(vm, memory), "a memfd");
	close(memory);
	close(event);
	close(null);
	expect_error(EBADF, try_file(vm, null), "no file");
	close(vm);
}

TEST(without_the_module, &native)
{
	int log = kernel_log_open();
	int vm, file;

	expect_ordinary_guest();
	expect_others_refused();
	vm = vm_create();
	file = vm_native_file(vm, MEM_SIZE);
	expect_ok(try_file(vm, file), "KVM's own guest_memfd");
	close(file);
	close(vm);
	assert_false(kernel_log_has(log, "kvm_private"));
	close(log);
}

/* Each time another kvm_private for the same KVM */
TEST(module_after_kvm, &native)
{
	for (int i = 0; i < ROUNDS; i++) {
		load("kvm_private");
		assert_int_equal(module_users("kvm_private"), 0);
		expect_private_guest();
		expect_others_refused();
		assert_int_equal(module_users("kvm_private"), 0);
		unload("kvm_private");
		expect_ordinary_guest();
	}
}

/* The file's descriptor is closed, so that the slot alone keeps the module. */
TEST(slot_keeps_the_module, &native)
{
	struct machine m;

	load("kvm_private");
	machine_start(&m, MEM_SIZE, 0);
	close(m.file);
	expect_error(EWOULDBLOCK, module_unload("kvm_private"), "with a slot");
	fill(&m.cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m.cpu, DATA_GPA, PAGES, TAG);

	/* The VM stays, and gets a slot from the next module. */
	vm_delete_slot(m.vm, 0);
	unload("kvm_private");
	load("kvm_private");
	m.file = file_create(MEM_SIZE, 0);
	m.slot.file = m.file;
	vm_load(m.file, 0);
	vm_add_slot(m.vm, &m.slot);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);

	close(m.file);
	expect_error(EWOULDBLOCK, module_unload("kvm_private"), "with another slot");
	vcpu_close(&m.cpu);
	close(m.vm);
	unload("kvm_private");
}

/* A slot that isn't made keeps nothing. */
TEST(refused_slots_keep_nothing, &native)
{
	int vm, file;

	load("kvm_private");
	vm = vm_create();
	file = file_create(MEM_SIZE / 2, 0);
	expect_error(EINVAL, try_file(vm, file), "a slot beyond the file");
	close(file);
	assert_int_equal(module_users("kvm_private"), 0);
	close(vm);
}

/* A user may try as often as they like, and the log has one line. */
static void expect_one_line(int log, const char *text)
{
	assert_true(kernel_log_has(log, text));
	assert_false(kernel_log_has(log, text));
}

TEST(another_interface, &native)
{
	int log = kernel_log_open();
	int vm, file;

	expect_ok(module_load("kvm_private"), "loading the other kvm_private");
	vm = vm_create();
	file = file_create(MEM_SIZE, 0);
	expect_error(ENXIO, try_file(vm, file), "a file of the other module");
	expect_one_line(log, "kvm_private has interface 4000000000");
	expect_error(ENXIO, try_file(vm, file), "once more");
	assert_false(kernel_log_has(log, "kvm_private has interface"));
	expect_others_refused();
	expect_ordinary_guest();

	close(file);
	assert_int_equal(module_users("kvm_private"), 0);
	unload("kvm_private");
	load("kvm_private");
	file = file_create(MEM_SIZE, 0);
	expect_ok(try_file(vm, file), "a file of the right module");
	close(file);
	close(vm);
	close(log);
}

static int try_provided(int vm)
{
	struct kvm_create_guest_memfd create = { .size = MEM_SIZE };

	return ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
}

TEST(provider_without_the_module, &provider)
{
	int log = kernel_log_open();
	int vm = vm_create();
	int file;

	expect_error(ENXIO, try_provided(vm), "without the module");
	expect_one_line(log, "kvm_private isn't loaded");
	expect_error(ENXIO, try_provided(vm), "once more");
	assert_false(kernel_log_has(log, "kvm_private isn't loaded"));
	expect_ordinary_guest();

	expect_ok(module_load("kvm_private"), "loading the other kvm_private");
	expect_error(ENXIO, try_provided(vm), "with the other module");
	expect_one_line(log, "kvm_private has interface 4000000000");
	unload("kvm_private");

	load("kvm_private");
	file = expect_ok(try_provided(vm), "with the module");
	expect_error(EWOULDBLOCK, module_unload("kvm_private"), "with a file");
	expect_ok(try_file(vm, file), "a slot");
	close(file);
	expect_error(EWOULDBLOCK, module_unload("kvm_private"), "with a slot");
	close(vm);
	unload("kvm_private");
	close(log);
}

static bool is_enxio(int error)
{
	return error == ENXIO;
}

static bool is_ewouldblock(int error)
{
	return error == EWOULDBLOCK;
}

struct racer {
	int vm;
	unsigned long made, refused;
};

static void make_and_end(struct worker *worker)
{
	struct racer *racer = worker->arg;
	int file;

	/* Else there would always be a file, and the module would never go. */
	usleep(rand_r(&worker->seed) % 4000);
	file = try_provided(racer->vm);
	worker_note(worker, "KVM_CREATE_GUEST_MEMFD", file, is_enxio);
	if (file < 0) {
		racer->refused++;
		return;
	}
	worker_note(worker, "a slot", try_file(racer->vm, file), NULL);
	close(file);
	worker_note(worker, "the slot's end",
		    vm_try_slot(racer->vm, &(struct slot){ .file = -1 }), NULL);
	racer->made++;
}

static void come_and_go(struct worker *worker)
{
	unsigned long *times = worker->arg;

	if (!is_loaded("kvm_private")) {
		if (system("modprobe kvm_private"))
			worker_failed(worker, "modprobe kvm_private");
		++*times;
	}
	worker_note(worker, "unloading", module_unload("kvm_private"), is_ewouldblock);
}

/* The first lookup of two VMs, again and again, while the module comes and goes */
TEST(lookups_race_with_unloading, &provider)
{
	struct racer racers[2] = { { .vm = vm_create() }, { .vm = vm_create() } };
	unsigned long times = 0;
	struct worker workers[] = {
		{ .one_call = make_and_end, .arg = &racers[0] },
		{ .one_call = make_and_end, .arg = &racers[1] },
		{ .one_call = come_and_go, .arg = &times },
	};

	workers_run(workers, ARRAY_SIZE(workers), 5);
	print_message("# loaded %lu times, %lu and %lu files, %lu and %lu refusals\n",
		      times, racers[0].made, racers[1].made, racers[0].refused,
		      racers[1].refused);
	assert_true(times > 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(racers); i++) {
		assert_true(racers[i].made && racers[i].refused);
		close(racers[i].vm);
	}
	unload("kvm_private");
}

static int setup(void **state)
{
	(void)state;
	vendor = modules_vendor();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unload("kvm_private");
	modules_unload_kvm();
	modules_load();
	return 0;
}

TEST_MAIN("KVM and kvm_private apart", .setup = setup, .teardown = teardown)
