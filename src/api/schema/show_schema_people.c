/* Who somebody is: logins, sessions, tokens, keys, rules. */
#include "api/schema/show_schema_rows.h"

static const struct show_member whoami_members[] = {
    { "name", "text?", "What the caller has proven; null: nothing." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "groups", "number", "How many groups are known of it." },
    { "right", "none|read|write|break|control|admin", "On the server." },
    { "owner", "text?", "For whom a token acts." },
    { "consoles", "text?", "The pattern that bounds a token." },
    { "door", "text", "How the call came: socket, web." },
    { "peer", "text?", "The caller's address." },
    { "session", "PageSession?",
      "The session on a page that has proven it; null: none." },
    { .name = NULL },
};

static const struct show_member page_session_members[] = {
    { "id", "text", "Of the session." },
    { "idle_end", "time", "It ends then, unless it is used." },
    { "end", "time", "It ends then, however it is used." },
    { .name = NULL },
};

static const struct show_member login_ways_members[] = {
    { "password", "flag", "A name and a password are taken here." },
    { "token", "flag", "An access token is taken here." },
    { "certificate", "flag", "TLS client certificates are accepted." },
    { "proxy", "flag", "The connection is that of a trusted proxy." },
    { "can_gain", "flag", "A login may have more rights." },
    { "who", "Whoami", "Who the caller is without one." },
    { .name = NULL },
};

/* Those of Whoami, or the second kind. */
static const struct show_member logged_in_members[] = {
    { "name", "text?", "As in Whoami, with all its members." },
    { "said", "text?", "What PAM has said, in lines." },
    { "login", "text?",
      "If more is asked, in place of the members of Whoami: to be sent back "
      "with the answer." },
    { "question", "text?", "The question, for the person." },
    { "is_hidden", "flag?", "The answer is not to be shown." },
    { .name = NULL },
};

static const struct show_member session_members[] = {
    { "id", "text", "Of the session." },
    { "name", "text", "Of the person, or of the token." },
    { "proof", "password|token", "How the name was proven." },
    { "owner", "text?", "For whom the token acts." },
    { "created", "time", "The login." },
    { "from", "text?", "The address of the login." },
    { "last_used", "time", "The last request, or what was typed." },
    { "last_used_from", "text?", "The address then." },
    { "idle_end", "time", "It ends then, unless it is used." },
    { "end", "time", "It ends then, however it is used." },
    { "is_current", "flag", "It is the caller's." },
    { .name = NULL },
};

static const struct show_member sessions_members[] = {
    { "items", "[Session]", "The sessions." },
    { "total", "number", "How many there are." },
    { "hidden", "number", "How many the caller may not see." },
    { .name = NULL },
};

static const struct show_member tokens_members[] = LIST_OF("Token");

#define TOKEN_MEMBERS                                                          \
    { "id", "number", "Never used again." },                                   \
        { "name", "text", "One token that holds has it." },                    \
        { "owner", "text", "For whom it acts." },                              \
        { "may", "read|write|break|control|admin", "At most." },               \
        { "consoles", "text", "A glob." }, { "created", "time?", "When." },    \
        { "created_by", "text", "By whom." },                                  \
        { "expires", "time?", "Null: never." },                                \
        { "last_used", "time?", "Null: never." },                              \
        { "last_used_from", "text?", "An address." },                          \
        { "revoked_by", "text?", "By whom." },                                 \
        { "state", "holds|revoked|expired", "Whether it can be used." },       \
    {                                                                          \
        .name = NULL                                                           \
    }

static const struct show_member token_members[] = { TOKEN_MEMBERS };

static const struct show_member new_token_members[] = {
    { "token", "text", "Its text; it is shown this once, and kept nowhere." },
    TOKEN_MEMBERS,
};

static const struct show_member ssh_keys_members[] = LIST_OF("SshKey");

static const struct show_member ssh_key_members[] = {
    { "id", "number", "Never used again." },
    { "name", "text", "Whose it is." },
    { "fingerprint", "text", "SHA256:..., as ssh-keygen -l shows it." },
    { "key", "text", "TYPE BASE64, as in authorized_keys." },
    { "comment", "text?", "That stood behind it." },
    { "created", "time", "When it was added." },
    { "created_by", "text", "By whom." },
    { .name = NULL },
};

static const struct show_member explanation_members[] = {
    { "principal", "text", "About whom." },
    { "account", "found|none|unknown?",
      "Whether the system has an account of the name; null: it was not "
      "looked up." },
    { "console", "text", "About which console." },
    { "id", "text?", "Null: it is not there." },
    { "right", "none|read|write|break|control|admin", "What the rules give." },
    { "line", "number?", "That decided; null: none." },
    { "file", "text?", "Of the line." },
    { "keyboard", "free-for-all|one-writer", "How many may type at once." },
    { "explanation", "[text]?", "In sentences, for administrators." },
    { .name = NULL },
};

const struct show_schema show_schema_people[] = {
    { "Whoami", "Who the caller is to vspcd.", whoami_members },
    { "PageSession", "How long a session holds.", page_session_members },
    { "LoginWays", "How one can log in.", login_ways_members },
    { "LoggedIn", "A login that is done, or a question.", logged_in_members },
    { "Session", "A session of somebody on a page.", session_members },
    { "Sessions", "A list of sessions.", sessions_members },
    { "Token", "An access token.", token_members },
    { "NewToken", "An access token, with its text.", new_token_members },
    { "Tokens", "A list of tokens.", tokens_members },
    { "SshKey", "A public key of ssh, and whose it is.", ssh_key_members },
    { "SshKeys", "A list of keys.", ssh_keys_members },
    { "Explanation", "What the rules say of somebody.", explanation_members },
    { .name = NULL },
};
