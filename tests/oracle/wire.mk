# SPDX-License-Identifier: ISC
# What tests/oracle/test_tshark.py has other dissectors look at.
oracle_programs = tests/oracle/wire_dump tests/oracle/wire_sample \
	tests/oracle/wire_read
check_PROGRAMS += $(oracle_programs)
tests_oracle_wire_dump_SOURCES = tests/oracle/wire_dump.c \
	tests/oracle/capture.c tests/oracle/capture.h
tests_oracle_wire_dump_LDADD = libwire.la -lm
tests_oracle_wire_sample_SOURCES = tests/oracle/wire_sample.c \
	tests/oracle/capture.c tests/oracle/capture.h
tests_oracle_wire_sample_LDADD = libwire.la -lm
tests_oracle_wire_read_SOURCES = tests/oracle/wire_read.c \
	tests/oracle/capture.c tests/oracle/capture.h
tests_oracle_wire_read_LDADD = libwire.la -lm
EXTRA_DIST += tests/oracle/test_tshark.py tests/oracle/dissect.py
