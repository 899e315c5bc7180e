#include "api/output/output_log.h"

#include "api/api_means.h"
#include "base/clock.h"
#include "conlog/console_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool output_log_find(struct api_call *call, struct conlog_source *ret)
{
    struct console_log *log = call->console->log;

    if (api_means_of(call->api)->output_reads == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "no logs can be read");
        return false;
    }
    if (log == NULL) {
        api_fail(call, API_NOT_FOUND,
                 "the setting logdir gives consoles logs; the history has the "
                 "last output",
                 "the console %s has no log", console_name(call->console).text);
        return false;
    }
    console_log_find(log, ret, clock_now_us());
    return true;
}

bool output_log_check_times(struct api_call *call,
                            const struct conlog_source *source)
{
    if (source->is_stamped)
        return true;
    api_fail(call, API_BAD_REQUEST,
             "with log-format = timestamps, lines have times",
             "the lines of this log have no times: since and until mean "
             "nothing");
    return false;
}

bool output_log_read_file(struct api_call *call, uint64_t *ret)
{
    const char *text = api_text(call, "file");

    *ret = 0;
    if (text == NULL)
        return true;
    if (strlen(text) == OUTPUT_LOG_FILE_LEN &&
        strspn(text, "0123456789abcdef") == OUTPUT_LOG_FILE_LEN)
        *ret = strtoull(text, NULL, 16);
    if (*ret != 0)
        return true;
    api_fail(call, API_BAD_REQUEST, "/log/places lists a log's files",
             "file is a file's name of 16 digits, as /log/places has it");
    return false;
}

void output_log_fail(struct api_call *call, int error)
{
    struct console_name name = console_name(call->console);

    if (error == -ENOENT)
        api_fail(call, API_NOT_FOUND,
                 "a log is there as soon as the VM has printed something; of a "
                 "VM that vspcd does not know from before, only its own output "
                 "is shown: put %{uuid} into log-name",
                 "the console %s has no log yet", name.text);
    else if (error == -ESTALE)
        api_fail(call, API_NOT_FOUND, "/log/places lists the files of now",
                 "the log of %s has no such file any more: it was compressed "
                 "or deleted",
                 name.text);
    else
        api_fail(call, API_FAILED, "see the log of vspcd",
                 "the log of %s cannot be read: %s", name.text,
                 strerror(-error));
}
