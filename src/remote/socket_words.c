#include "remote/socket_words.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void socket_words(const char *path, const char *failure, struct err *ret)
{
    const struct group *group;
    struct stat st;
    bool is_there = stat(path, &st) == 0;
    int error = is_there ? 0 : errno;

    if (error == ENOENT) {
        err_set(ret, "no server at %.120s: is vspcd running?", path);
    } else if (error == EACCES) {
        err_set(ret,
                "no permission to reach %.120s: its folder is closed to your "
                "account",
                path);
    } else if (!is_there || access(path, W_OK) == 0) {
        err_set(ret, "no server at %.120s: is vspcd running? (%.200s)", path,
                failure);
    } else if (st.st_gid == 0) {
        err_set(
            ret,
            "no permission for %.120s: it is for root alone (--socket-group "
            "of vspcd lets a group in)",
            path);
    } else {
        group = getgrgid(st.st_gid);
        err_set(ret,
                "no permission for %.120s: are you in group %.60s? (id shows "
                "it; a new group counts after the next login)",
                path, group != NULL ? group->gr_name : "of the socket");
    }
}
