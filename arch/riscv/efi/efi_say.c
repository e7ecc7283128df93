/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on the firmware's console, before Cleave has one of its own.
 */
#include <cleave/format.h>
#include "arch/riscv/efi/efi_internal.h"

#define EFI_SAY_LEN 256U

/*
 * The errors of UEFI 2.10, appendix D, from 1 on. One text, because an array of pointers would hold
 * addresses that nobody has relocated.
 */
static const char efi_say_names[] =
	"LOAD_ERROR\0INVALID_PARAMETER\0UNSUPPORTED\0BAD_BUFFER_SIZE\0BUFFER_TOO_SMALL\0NOT_READY\0"
	"DEVICE_ERROR\0WRITE_PROTECTED\0OUT_OF_RESOURCES\0VOLUME_CORRUPTED\0VOLUME_FULL\0NO_MEDIA\0"
	"MEDIA_CHANGED\0NOT_FOUND\0ACCESS_DENIED\0NO_RESPONSE\0NO_MAPPING\0TIMEOUT\0NOT_STARTED\0"
	"ALREADY_STARTED\0ABORTED\0";

/* Return: the name of an error; "error" where it has none here */
static const char *efi_say_name(efi_status status)
{
	u64 left = status & ~EFI_ERROR;

	for (size_t i = 0; i + 1U < sizeof(efi_say_names) && left != 0U; i++) {
		if (left == 1U)
			return &efi_say_names[i];
		if (efi_say_names[i] == '\0')
			left--;
	}
	return "error";
}

static void efi_say_line(const struct efi_stub *s, const char *text)
{
	struct efi_text_output *out = s->system->console_out;
	char line[EFI_SAY_LEN + 16U];
	u16 wide[sizeof(line)];
	size_t n;

	if (out == NULL)
		return;
	(void)str_print(line, sizeof(line), "cleave| EFI: %s\r\n", text);
	for (n = 0; line[n] != '\0'; n++)
		wide[n] = (u8)line[n];
	wide[n] = 0;
	(void)out->output_string(out, wide);
}

void efi_say(const struct efi_stub *s, const char *fmt, ...)
{
	char text[EFI_SAY_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)str_format(text, sizeof(text), fmt, ap);
	va_end(ap);
	efi_say_line(s, text);
}

efi_status efi_say_status(const struct efi_stub *s, efi_status status, const char *fmt, ...)
{
	char text[EFI_SAY_LEN];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = str_append_format(text, sizeof(text), 0, fmt, ap);
	va_end(ap);
	(void)str_append(text, sizeof(text), n, ": the firmware says %s (%lu)",
			 efi_say_name(status), status & ~EFI_ERROR);
	efi_say_line(s, text);
	return status;
}
