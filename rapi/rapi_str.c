/* SPDX-License-Identifier: ISC */

/* Texts of errors, and the words that go with the latest failure of a thread.
 */

#include "rapi_int.h"

#include "base/text.h"
#include "rapi_ext.h"

enum { DETAIL = 256 };

static _Thread_local char detail[DETAIL];

void
rapi_detail(const char *fmt, ...)
{
	struct text t = text_over(detail, sizeof(detail));
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
}

int
rapi_fail(int code, const char *fmt, ...)
{
	struct text t = text_over(detail, sizeof(detail));
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	return code;
}

const char *
rapi_ext_last_error(void)
{
	return detail;
}

/* clang-format off */
static const struct {
	int code;
	const char *text;
} api_errors[] = {
	{ RAPI_ERR_OK,           "no error" },
	{ RAPI_ERR_INVAL,        "invalid parameter" },
	{ RAPI_ERR_MAXSESS,      "too many sessions" },
	{ RAPI_ERR_BADSID,       "session id out of range" },
	{ RAPI_ERR_N_FFS,        "wrong filter or flowspec count for style" },
	{ RAPI_ERR_BADSTYLE,     "illegal style" },
	{ RAPI_ERR_SYSCALL,      "system error, see errno" },
	{ RAPI_ERR_OVERFLOW,     "parameter list overflow" },
	{ RAPI_ERR_MEMFULL,      "not enough memory" },
	{ RAPI_ERR_NORSVP,       "RSVP daemon is not there" },
	{ RAPI_ERR_OBJTYPE,      "invalid object type" },
	{ RAPI_ERR_OBJLEN,       "invalid object length" },
	{ RAPI_ERR_NOTSPEC,      "no sender Tspec" },
	{ RAPI_ERR_INTSERV,      "bad int-serv parameter format" },
	{ RAPI_ERR_GPI_CONFLICT, "IPSEC: conflicting C-Type" },
	{ RAPI_ERR_BADPROTO,     "IPSEC: protocol is not AH or ESP" },
	{ RAPI_ERR_BADVDPORT,    "IPSEC: virtual destination port is zero" },
	{ RAPI_ERR_GPISESS,      "IPSEC: other parameter error" },
	{ RAPI_ERR_BADSEND,      "sender address is not of this host" },
	{ RAPI_ERR_BADRECV,      "receiver address is not of this host" },
	{ RAPI_ERR_BADSPORT,     "source port given but no destination port" },
	{ RAPI_ERR_PERM,         "not authorised" },
	{ RAPI_ERR_AGAIN,        "daemon is reconnecting" },
	{ RAPI_ERR_TIMEOUT,      "daemon did not answer in time" },
	{ RAPI_ERR_PROTO,        "daemon speaks another protocol version" },
	{ RAPI_ERR_UNSUPPORTED,  "not supported" },
	{ RAPI_ERR_UNKNOWN,      "unknown error" },
};
/* clang-format on */

static const char *
api_error_text(int code)
{
	for (size_t i = 0; i < sizeof(api_errors) / sizeof(api_errors[0]); i++)
		if (api_errors[i].code == code)
			return api_errors[i].text;
	return NULL;
}

const char *
rapi_strerror(int ErrorCode, int ErrorValue)
{
	if (ErrorCode < 0 || ErrorCode > RAPI_ERR_MAXERROR)
		return NULL;
	if (ErrorCode == RSVP_Err_API_ERROR)
		return api_error_text(ErrorValue);

	const char *text = "";

	if (ErrorValue > 0 && ErrorValue <= UINT16_MAX)
		text = wire_error_value_text(
			(uint8_t)ErrorCode, (uint16_t)ErrorValue);
	return text[0] != '\0' ? text : wire_error_text((uint8_t)ErrorCode);
}
