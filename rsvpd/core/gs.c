/* SPDX-License-Identifier: ISC */

#include "gs.h"
