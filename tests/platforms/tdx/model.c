// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"
#include "td.h"

int tdxm_init(struct tdxm *m, u64 nr_frames)
{
	u64 pfn;

	memset(m, 0, sizeof(*m));
	m->frames = tdxm_alloc(nr_frames * sizeof(*m->frames));
	if (!m->frames)
		return -1;
	m->nr_frames = nr_frames;
	for (pfn = 0; pfn < nr_frames; pfn++)
		m->frames[pfn].level = 1;
	return 0;
}

void tdxm_exit(struct tdxm *m)
{
	u64 pfn;

	for (pfn = 0; pfn < m->nr_frames; pfn++)
		if (m->frames[pfn].type == TDXM_TDR)
			tdxm_td_free(m->frames[pfn].td);
	for (pfn = 0; pfn < m->nr_frames; pfn++)
		tdxm_free(m->frames[pfn].object);
	tdxm_free(m->frames);
}
