# SPDX-License-Identifier: ISC
# Builds and runs the fuzzers; a makefile of its own (GNU make), called by the
# targets of local.mk:
#
#	make -f tests/fuzz/build.mk TOP=source LIBS=... fuzz-core
#
# Everything is compiled once, into an archive with sanitizers and coverage; a
# fuzzer takes from it what it needs and stands for the rest itself.
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS ?= -std=c11 -D_GNU_SOURCE -g -O1 -fno-sanitize-recover=all \
	-DPACKAGE_VERSION='"fuzz"'
sanitize = address,undefined
out = tests/fuzz

targets = aix wire core msg rapi ctl tc snapshot policy conf netlink packet tree

wire_extra = tests/unit/wire_same.c
core_extra = tests/fuzz/core_gen.c tests/fuzz/core_world.c
rim = tests/fuzz/rim.c tests/unit/loop_t.c
rapi_extra = $(rim)
ctl_extra = $(rim)
tc_extra = $(rim)
netlink_extra = $(rim) tests/unit/mnl_t.c

# Of an input in octets; the larger ones only repeat what the small ones do.
max_len = 4096
netlink_max = 2048
packet_max = 1024

archived = $(foreach d,base rsvpd/wire rsvpd/core policy tcctl,\
	$(wildcard $(TOP)/$(d)/*.c)) \
	$(addprefix $(TOP)/,rapi/rapi_msg.c ctl/ctl_msg.c) \
	$(wildcard $(addprefix $(TOP)/rsvpd/,api_*.c conf*.c ctl_*.c net_*.c \
	stats.c sup_msg.c tc_*.c policy_*.c))
# They need what no fuzzer has: threads, directories, system-call filters.
left_out = $(addprefix $(TOP)/policy/,main.c serve.c worker.c sandbox.c \
	source_ldap.c explain.c check.c convert.c cache.c state.c history.c \
	worker_news.c worker_order.c serve_order.c diff.c diff_json.c) \
	$(addprefix $(TOP)/tcctl/,main.c serve.c sandbox.c apply.c show.c \
	probe.c out_json.c out_probe_json.c want_json.c files.c \
	tree_apply.c tree_off.c tree_session.c)
objects = $(patsubst $(TOP)/%.c,$(out)/obj/%.o,\
	$(filter-out $(left_out),$(archived)))

.PHONY: $(addprefix fuzz-,$(targets)) fuzz
.DELETE_ON_ERROR:
fuzz: $(addprefix fuzz-,$(targets))

$(out)/obj/%.o: $(TOP)/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,$(sanitize) \
		-I$(TOP) -MMD -c -o $@ $<
-include $(objects:.o=.d)

$(out)/fuzz.a: $(objects)
	@rm -f $@
	@ar rcs $@ $^

.SECONDEXPANSION:
$(addprefix $(out)/fuzz_,$(targets)): $(out)/fuzz_%: \
		$(TOP)/tests/fuzz/fuzz_%.c \
		$$(addprefix $(TOP)/,$$($$*_extra)) $(out)/fuzz.a
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer,$(sanitize) -I$(TOP) \
		-o $@ $^ $(LIBS) -lm

# The corpus of the repository, and what grew out of it here before.
$(addprefix fuzz-,$(targets)): fuzz-%: $(out)/fuzz_%
	@mkdir -p $(out)/found-$* $(out)/grown-$*
	@echo "fuzz $*: $(FUZZ_SECONDS) s"
	@LSAN_OPTIONS=suppressions=$(TOP)/tests/fuzz/lsan.supp:print_suppressions=0 \
		$(out)/fuzz_$* -max_total_time=$(FUZZ_SECONDS) \
		-max_len=$(or $($*_max),$(max_len)) -timeout=10 \
		-rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=$(out)/found-$*/ $(out)/grown-$* \
		$(TOP)/tests/fuzz/corpus/$* > $(out)/fuzz-$*.log 2>&1 || { \
		grep -v '^#\|NEW_FUNC' $(out)/fuzz-$*.log; exit 1; }
	@awk -v t=$* -v s=$(FUZZ_SECONDS) \
		'/number_of_executed_units/ { runs = $$2 } / cov: / { \
		cov = $$0; sub(/.*cov: /, "", cov); sub(/ .*/, "", cov) } \
		END { printf "fuzz %s: %d s, %d runs, %d edges, no finding\n", \
		t, s, runs, cov }' $(out)/fuzz-$*.log
