# SPDX-License-Identifier: ISC
rsvpd_tests = \
	tests/unit/test_account \
	tests/unit/test_account_file \
	tests/unit/test_account_turn \
	tests/unit/test_conf \
	tests/unit/test_engine \
	tests/unit/test_engine_life \
	tests/unit/test_loop \
	tests/unit/test_marks \
	tests/unit/test_sup_backoff \
	tests/unit/test_sup_life \
	tests/unit/test_sup_msg \
	tests/unit/test_sup_open \
	tests/unit/test_sup_talk \
	tests/unit/test_sup_worker
check_PROGRAMS += $(rsvpd_tests)
TESTS += $(rsvpd_tests)
tests_unit_test_account_LDADD = librsvpd.la libwire.la libbase.la -lm $(JANSSON_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_account_file_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_account_turn_SOURCES = tests/unit/test_account_turn.c \
	$(loop_bench)
tests_unit_test_account_turn_LDADD = $(tests_unit_test_account_LDADD)
tests_unit_test_account_turn_LDFLAGS = $(AM_LDFLAGS) $(t_heap_flags) \
	-Wl,--wrap=log_err,--wrap=log_info
tests_unit_test_conf_LDADD = librsvpd.la $(UNIT_LDADD)
ENGINE_T_WRAPS = -Wl,--wrap=poll,--wrap=prctl,--wrap=signal,--wrap=getrandom \
	-Wl,--wrap=log_set,--wrap=log_err,--wrap=log_warn,--wrap=log_info
tests_unit_test_engine_SOURCES = tests/unit/test_engine.c \
	tests/unit/engine_t.c tests/unit/engine_t.h rsvpd/engine.c $(loop_bench)
tests_unit_test_engine_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_engine_LDFLAGS = $(AM_LDFLAGS) $(ENGINE_T_WRAPS)
tests_unit_test_engine_life_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_loop_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_marks_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_marks_LDFLAGS = $(AM_LDFLAGS) $(t_heap_flags)
tests_unit_test_sup_backoff_LDADD = librsvpd.la $(UNIT_LDADD)
sup_bench = tests/unit/sup_t.c tests/unit/sup_t.h rsvpd/sup_life.c \
	rsvpd/sup_talk.c $(loop_bench)
sup_users = $(AM_CPPFLAGS) -DENGINE_USER='"$(ENGINE_USER)"' \
	-DTC_USER='"$(TC_USER)"' -DPOLICY_USER='"$(POLICY_USER)"'
SUP_T_WRAPS = -Wl,--wrap=kill,--wrap=waitpid
tests_unit_test_sup_life_SOURCES = tests/unit/test_sup_life.c $(sup_bench)
tests_unit_test_sup_life_CPPFLAGS = $(sup_users)
tests_unit_test_sup_life_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_sup_life_LDFLAGS = $(AM_LDFLAGS) $(SUP_T_WRAPS)
tests_unit_test_sup_open_SOURCES = tests/unit/test_sup_open.c \
	rsvpd/sup_open.c rsvpd/sup_udp.c
tests_unit_test_sup_open_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_sup_open_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=socket,--wrap=setsockopt,--wrap=bind
tests_unit_test_sup_talk_SOURCES = tests/unit/test_sup_talk.c $(sup_bench)
tests_unit_test_sup_talk_CPPFLAGS = $(sup_users)
tests_unit_test_sup_talk_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_sup_talk_LDFLAGS = $(AM_LDFLAGS) $(SUP_T_WRAPS)
tests_unit_test_sup_msg_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_sup_worker_SOURCES = tests/unit/test_sup_worker.c \
	rsvpd/sup_worker.c
# Where it is installed: in the folder where the test is.
tests_unit_test_sup_worker_CPPFLAGS = $(AM_CPPFLAGS) -DRSVPD_SBINDIR='"sbin"'
if SANITIZED
tests_unit_test_sup_worker_CPPFLAGS += -DPRIV_SANITIZED=1
else
tests_unit_test_sup_worker_CPPFLAGS += -DPRIV_SANITIZED=0
endif
tests_unit_test_sup_worker_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_sup_worker_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=open,--wrap=dup2,--wrap=fcntl,--wrap=close_range \
	-Wl,--wrap=getrlimit,--wrap=setrlimit,--wrap=prctl,--wrap=chdir \
	-Wl,--wrap=getppid,--wrap=fork,--wrap=readlink,--wrap=log_err
EXTRA_DIST += tests/unit/account_t.h tests/unit/tc_client_core_t.h \
	tests/unit/tc_client_t.h tests/unit/tc_client_turn_t.h tests/golden/conf
