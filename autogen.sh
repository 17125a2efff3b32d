#!/bin/sh
# SPDX-License-Identifier: ISC
# Make ./configure from configure.ac.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --install "$@"
