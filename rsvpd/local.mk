# SPDX-License-Identifier: ISC
include rsvpd/wire/local.mk
include rsvpd/core/local.mk
