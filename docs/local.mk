# SPDX-License-Identifier: ISC
# Manual pages: mdoc sources, in which make fills in the directories.
docs_pages = \
	docs/policy.conf.5 \
	docs/policyd.8 \
	docs/policyd.conf.5 \
	docs/qosadd.8 \
	docs/qosstat.8 \
	docs/rapi.3 \
	docs/rsvpctl.1 \
	docs/rsvpd.8 \
	docs/rsvpd.conf.5 \
	docs/tcctl.8 \
	docs/tcctl.conf.5
nodist_man_MANS += $(docs_pages)
CLEANFILES += $(docs_pages)
# The other names of what is described in one page.
docs_links = \
	docs/mkqos.8 \
	docs/qoslist.8 \
	docs/qosmod.8 \
	docs/qosremove.8 \
	docs/rmqos.8
nodist_man_MANS += $(docs_links)
CLEANFILES += $(docs_links)
$(docs_links): Makefile
	$(AM_V_GEN)$(MKDIR_P) docs && echo '.so man8/qosadd.8' >$@
EXTRA_DIST += \
	docs/policy.conf.5.in \
	docs/policyd.8.in \
	docs/policyd.conf.5.in \
	docs/qosadd.8.in \
	docs/qosstat.8.in \
	docs/rapi.3.in \
	docs/rsvpctl.1.in \
	docs/rsvpd.8.in \
	docs/rsvpd.conf.5.in \
	docs/tcctl.8.in \
	docs/tcctl.conf.5.in
docs_fill = $(AM_V_GEN)$(MKDIR_P) docs && $(substitute) $(srcdir)/$@.in >$@
docs/policy.conf.5: docs/policy.conf.5.in Makefile
	$(docs_fill)
docs/policyd.8: docs/policyd.8.in Makefile
	$(docs_fill)
docs/policyd.conf.5: docs/policyd.conf.5.in Makefile
	$(docs_fill)
docs/qosadd.8: docs/qosadd.8.in Makefile
	$(docs_fill)
docs/qosstat.8: docs/qosstat.8.in Makefile
	$(docs_fill)
docs/rapi.3: docs/rapi.3.in Makefile
	$(docs_fill)
docs/rsvpctl.1: docs/rsvpctl.1.in Makefile
	$(docs_fill)
docs/rsvpd.8: docs/rsvpd.8.in Makefile
	$(docs_fill)
docs/rsvpd.conf.5: docs/rsvpd.conf.5.in Makefile
	$(docs_fill)
docs/tcctl.8: docs/tcctl.8.in Makefile
	$(docs_fill)
docs/tcctl.conf.5: docs/tcctl.conf.5.in Makefile
	$(docs_fill)
