# SPDX-License-Identifier: ISC
# The codec: its corpus is replayed by every `make check`; `make fuzz-wire`
# mutates it for FUZZ_SECONDS with libFuzzer.
check_PROGRAMS += tests/fuzz/replay_wire
TESTS += tests/fuzz/replay_wire
tests_fuzz_replay_wire_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_wire.c
tests_fuzz_replay_wire_LDADD = tests/unit/libwire_same.la libwire.la -lm
EXTRA_DIST += tests/fuzz/corpus/wire

FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -g -O1 -fno-sanitize-recover=all \
	-fsanitize=fuzzer,address,undefined
fuzz_wire_sources = tests/fuzz/fuzz_wire.c tests/unit/wire_same.c \
	base/addr.c base/text.c $(libwire_la_SOURCES)

.PHONY: fuzz-wire
fuzz-wire:
	$(MKDIR_P) tests/fuzz/found-wire tests/fuzz/grown-wire
	cd $(top_srcdir) && $(FUZZ_CC) $(FUZZ_CFLAGS) -I. \
		-o $(abs_builddir)/tests/fuzz/fuzz_wire \
		$(filter %.c,$(fuzz_wire_sources)) -lm
	tests/fuzz/fuzz_wire -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
		-timeout=1 -rss_limit_mb=512 -print_final_stats=1 \
		-artifact_prefix=tests/fuzz/found-wire/ \
		tests/fuzz/grown-wire $(abs_top_srcdir)/tests/fuzz/corpus/wire
CLEANFILES += tests/fuzz/fuzz_wire
