/* SPDX-License-Identifier: ISC */
#include "base/hash.h"

#include "t.h"

static const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/* Of all lengths around whole words, as one number; the function is part of no
 * format, but a change of it should be meant. */
static void
values_are_those_of_siphash_1_3(void)
{
	uint8_t bytes[64];
	unsigned sum = 0;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 200);
	for (size_t n = 0; n < sizeof(bytes); n++)
		sum = sum * 31 + hash_bytes(&key, bytes, n);
	T_EQ(sum, 1652107129u);
}

static void
each_byte_and_the_key_count(void)
{
	const struct hash_key other = { key.k0, key.k1 + 1 };
	uint8_t bytes[20] = { 0 };
	const unsigned before = hash_bytes(&key, bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 0x80;
		T_CHECK(hash_bytes(&key, bytes, sizeof(bytes)) != before,
			"byte %zu does not count", i);
		bytes[i] = 0;
	}
	T_CHECK(hash_bytes(&other, bytes, sizeof(bytes)) != before, "the key");
	T_CHECK(hash_bytes(&key, bytes, sizeof(bytes) - 1) != before,
		"the length");
}

static struct t_case cases[] = {
	{ "values are those of SipHash-1-3", values_are_those_of_siphash_1_3 },
	{ "each byte, the length and the key count",
		each_byte_and_the_key_count },
};

T_MAIN(cases)
