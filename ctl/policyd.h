/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_H
#define POLICYD_H

#include <stdbool.h>
#include <stddef.h>

/* Where the policyd is that belongs to this program; false: nowhere. */
bool policyd_find(char *path, size_t size);

#endif /* POLICYD_H */
