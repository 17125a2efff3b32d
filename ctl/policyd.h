/* SPDX-License-Identifier: ISC */
#ifndef CTL_POLICYD_H
#define CTL_POLICYD_H

#include <stdbool.h>
#include <stddef.h>

/* Where the policyd is that belongs to this program; false: nowhere. */
bool policyd_find(char *path, size_t size);

#endif /* CTL_POLICYD_H */
