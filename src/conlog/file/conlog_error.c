#include "conlog/file/conlog_error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

const char *conlog_error_text(int error)
{
    const char *text;

    switch (error) {
    case 0:
        return "the disk is too slow";
    case ETIMEDOUT:
        return "the disk does not answer";
    case CONLOG_ERROR_LINKED:
        return "the file has another name (a hard link): remove one of them";
    case CONLOG_ERROR_KEEP_FREE:
        return "the file system has no more free than --log-keep-free";
    case CONLOG_ERROR_TOTAL:
        return "the console logs take as much as --log-total allows";
    default:
        text = strerrordesc_np(error);
        return text != NULL ? text : "unknown error";
    }
}
