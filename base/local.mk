# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	base/addr.c base/addr.h \
	base/alloc.c base/alloc.h \
	base/buf.h \
	base/diff.c base/diff.h \
	base/hash.c base/hash.h \
	base/heap.c base/heap.h \
	base/intserv.c base/intserv.h \
	base/json_put.h \
	base/lex.c base/lex.h \
	base/list.h \
	base/log.c base/log.h \
	base/mono.h \
	base/msg.c base/msg.h \
	base/os.c base/os.h \
	base/stanza.c base/stanza_edit.c base/stanza.h \
	base/text.c base/text.h
