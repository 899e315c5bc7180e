#include "vm/ends/end.h"

void end_close_streams(struct end *e)
{
    if (e->out != NULL && e->out != e->in)
        stream_close(e->out);
    if (e->in != NULL)
        stream_close(e->in);
    e->in = NULL;
    e->out = NULL;
}
