/* SPDX-License-Identifier: ISC */

#include "link.h"
