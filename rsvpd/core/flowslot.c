/* SPDX-License-Identifier: ISC */

#include "flowslot.h"
