/* SPDX-License-Identifier: ISC */
#include "rsvpd/sup_int.h"
#include "t.h"

static struct mono
at_ms(int64_t ms)
{
	return (struct mono){ ms * 1000 };
}

static void
delays_double_to_five_seconds_and_end(void)
{
	static const int want[] = { 50, 100, 200, 400, 800, 1600, 3200, 5000,
		5000, -1 };
	struct sup_deaths deaths = { 0 };
	int64_t now = 1000;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		T_EQ(sup_deaths_add(&deaths, at_ms(now)), want[i]);
		now += want[i];
	}
}

static void
deaths_older_than_a_minute_are_forgotten(void)
{
	struct sup_deaths deaths = { 0 };

	T_EQ(sup_deaths_add(&deaths, at_ms(0)), 50);
	T_EQ(sup_deaths_add(&deaths, at_ms(30000)), 100);
	T_EQ(sup_deaths_add(&deaths, at_ms(59999)), 200);
	/* The first is a minute old now, the other two are not. */
	T_EQ(sup_deaths_add(&deaths, at_ms(60000)), 200);
	T_EQ(sup_deaths_add(&deaths, at_ms(200000)), 50);
}

static void
one_death_every_seven_seconds_goes_on_for_ever(void)
{
	struct sup_deaths deaths = { 0 };

	for (int i = 0; i < 1000; i++)
		T_CHECK(sup_deaths_add(&deaths, at_ms(i * 7000)) >= 0, "%d", i);
}

static void
what_was_not_its_fault_is_forgotten(void)
{
	struct sup_deaths deaths = { 0 };

	sup_deaths_forgive(&deaths, at_ms(0)); /* nothing to forget */
	for (int i = 0; i < 100; i++) {
		T_EQ(sup_deaths_add(&deaths, at_ms(i * 100)), 50);
		sup_deaths_forgive(&deaths, at_ms(i * 100 + 1000));
	}
	T_EQ(sup_deaths_add(&deaths, at_ms(20000)), 50);
	sup_deaths_forgive(&deaths, at_ms(21001)); /* too long ago */
	T_EQ(sup_deaths_add(&deaths, at_ms(21002)), 100);
}

static struct t_case cases[] = {
	{ "delays double to five seconds; the tenth death ends it",
		delays_double_to_five_seconds_and_end },
	{ "deaths older than a minute are forgotten",
		deaths_older_than_a_minute_are_forgotten },
	{ "one death every seven seconds goes on for ever",
		one_death_every_seven_seconds_goes_on_for_ever },
	{ "a death that was not its fault is forgotten",
		what_was_not_its_fault_is_forgotten },
};
T_MAIN(cases)
