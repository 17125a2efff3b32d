/* SPDX-License-Identifier: ISC */

#include "adspec.h"
