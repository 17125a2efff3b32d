/* SPDX-License-Identifier: ISC */

/* The table of commands: matching, help and the manual's check read it. */

#include "ctl/ctl.h"

/* clang-format off */
static const struct ctl_command commands[] = {
	{ "show interfaces", "", "interfaces, their capacity and what of it "
		"is reserved", ctl_show_interfaces },
	{ "show sessions", "[DESTINATION [PORT]]", "sessions with their path "
		"and reservation state", ctl_show_sessions },
	{ "show reservations", "[DESTINATION [PORT]]", "reservations, the rule "
		"that allowed them and their counters", ctl_show_reservations },
	{ "show policy", "", "the rules in force, in the order of decision",
		ctl_show_policy },
	{ "show rules", "", "the rules on data traffic, each on its interface, "
		"and their counters", ctl_show_rules },
	{ "show counters", "", "every counter of the daemon",
		ctl_show_counters },
	{ "show status", "", "version, uptime and totals", ctl_show_status },
	{ "directory status", "", "the directory of rules: server, how it is "
		"followed, and when it last changed", ctl_directory_status },
	{ "explain", "[DESTINATION [PORT]]", "why requests were refused or "
		"allowed, from what was recorded", ctl_explain },
	{ "policy import", "[--from aix|ldif] FILE", "a policy of AIX or LDIF "
		"as policy.conf; what is lost is told,\n      with exit status "
		"4", ctl_policy_import },
	{ "policy export", "--to aix|ldif [--base DN] [--tag TAG] FILE", "a "
		"policy.conf for AIX or for a directory; the same",
		ctl_policy_export },
	{ "policy show", "", "as show policy", ctl_show_policy },
	{ "policy check", "FILE", "what a file of policy means, or what is "
		"wrong with it", ctl_policy_check },
	{ "policy diff", "[--format auto|native|aix] [FILE|directory]", "what "
		"would change if FILE, or what policyd's sources say now, were "
		"in\n      force: rules, and what becomes of the reservations "
		"that stand;\n      status 0 nothing, 1 something, 2 trouble",
		ctl_policy_diff },
	{ "policy load", "[--dry-run [--format auto|native|aix] [FILE]]",
		"have policyd read its file and ask its directory now, and end "
		"a rollback;\n      --dry-run: whether that, or FILE, is a "
		"policy, what looks like a mistake\n      in it, and what would "
		"change", ctl_policy_load },
	{ "policy rollback", "[GENERATION]", "back to the generation before, "
		"or that one, until policy load", ctl_policy_rollback },
	{ "policy history", "", "the generations that can be gone back to",
		ctl_policy_history },
	{ "policy explain", "[DESTINATION [PORT]] [option ...] | --file FILE "
		"[option ...]", "which rule decides on a request, and why no "
		"other: as the daemon would now,\n      of a request by options "
		"(--dst --port --uid --user ..., see policyd(8)), or\n      of "
		"the reservations to DESTINATION that stand or were refused; "
		"with --file\n      as a file has it", ctl_policy_explain },
	{ "send", "DESTINATION PORT [option ...]", "announce a sender and show "
		"what happens to it, until interrupted;\n      "
		"--src --src-port --proto --rate --bucket --peak --min --max "
		"--ttl", ctl_send },
	{ "reserve", "DESTINATION PORT [option ...]", "make a reservation and "
		"hold it until interrupted;\n      "
		"--service --style --rate --bound-us --delay-us --confirm "
		"--once --proto", ctl_reserve },
	{ NULL, NULL, NULL, NULL },
};
/* clang-format on */

const struct ctl_command *
ctl_commands(void)
{
	return commands;
}
