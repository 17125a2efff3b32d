/* SPDX-License-Identifier: ISC */

#include "merge.h"
