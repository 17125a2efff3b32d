/* SPDX-License-Identifier: ISC */

/* tcctl: options and commands. */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "serve_int.h"

int
main(int argc, char **argv)
{
	log_open("tcctl");
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return tc_serve();
	(void)fputs("usage: tcctl serve\n", stderr);
	return 2;
}
