// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's device edu, which copies memory to itself and back */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/pci.h>

#include "snp_test.h"

#define VENDOR		0x1234
#define DEVICE		0x11e8
#define ADDRESS_BITS	28

#define REG_SOURCE	0x80
#define REG_TARGET	0x88
#define REG_SIZE	0x90
#define REG_COMMAND	0x98
#define COMMAND_START	1
#define COMMAND_WRITE	2
#define OWN_MEMORY	0x40000

#define POLL_US		1000
#define TIMEOUT_US	(60 * USEC_PER_SEC)

static struct pci_dev *device;
static void __iomem *registers;

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(ADDRESS_BITS));
	if (ret)
		return ret;
	registers = pcim_iomap(pdev, 0, 0);
	if (!registers)
		return -ENOMEM;
	pci_set_master(pdev);
	device = pdev;
	return 0;
}

static void remove(struct pci_dev *pdev)
{
	device = NULL;
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(VENDOR, DEVICE) },
	{ }
};

static struct pci_driver driver = {
	.name = "kvm_snp_test_edu",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

int snpt_edu_init(void)
{
	return pci_register_driver(&driver);
}

void snpt_edu_exit(void)
{
	pci_unregister_driver(&driver);
}

static int transfer(dma_addr_t at, bool write)
{
	u32 command;

	writeq(write ? OWN_MEMORY : at, registers + REG_SOURCE);
	writeq(write ? at : OWN_MEMORY, registers + REG_TARGET);
	writeq(SNPT_DMA_SIZE, registers + REG_SIZE);
	writeq(COMMAND_START | (write ? COMMAND_WRITE : 0), registers + REG_COMMAND);
	return readl_poll_timeout(registers + REG_COMMAND, command,
				  !(command & COMMAND_START), POLL_US, TIMEOUT_US);
}

long snpt_dma(const struct snpt_dma *dma)
{
	struct page *page = snpt_page(dma->page);
	dma_addr_t at;
	int ret;

	if (!page)
		return -EINVAL;
	if (!device)
		return -ENODEV;
	at = dma_map_page(&device->dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(&device->dev, at))
		return -ENOMEM;
	ret = transfer(at, dma->write);
	dma_unmap_page(&device->dev, at, PAGE_SIZE, DMA_BIDIRECTIONAL);
	return ret;
}
