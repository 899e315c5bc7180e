/*
 * log_words.h - the messages of the program's log, in one table.
 *
 * They are an interface: administrators grep for them, log systems count them.
 * A message that is here changes only with a line in CHANGELOG.md.
 *
 * A line is the message, then key=value fields, reason= among them where
 * something failed:
 *
 *     log_warning(LOG_VM_REFUSED " peer=%s reason=%s", peer, LOG_TEXT(reason));
 *
 * A message is noun and verb, "console log rotated"; what failed and is tried
 * again ends with ", will retry". It has no %, no = and no full stop. The
 * reason says why, and what a person can do about it. The names are string
 * literals, so the compiler still checks each format.
 *
 * Tests and benchmarks name a message by its name here: C includes this header,
 * Python reads it (tests/program/harness/words.py). scripts/check-words.py
 * checks that all log calls use it, and that documents quote what is in it.
 */
#ifndef LOG_LOG_WORDS_H
#define LOG_LOG_WORDS_H

/* ---- vspcd itself ----------------------------------------------------- */

#define LOG_RUNS_AS_ROOT "vspcd runs as root"
#define LOG_READY "vspcd ready"
#define LOG_STOPPING "vspcd stopping"
#define LOG_STOPPING_AT_ONCE "vspcd stopping at once"
#define LOG_CLIENTS_UNDELIVERED                                                \
    "shutdown: clients closed with undelivered output"
#define LOG_LINES_LOST "log lines lost"
#define LOG_LINES_LEFT_OUT "similar log lines left out"
#define LOG_VMS_FROM_EVERYWHERE "every address may connect as a VM"
#define LOG_VM_PORT_OPENED "additional VM port opened"
#define LOG_FILES_EXHAUSTED "file descriptors exhausted, connections wait"
#define LOG_FILES_TOO_FEW "open file limit below the configured limits"

/* ---- settings and SIGHUP ---------------------------------------------- */

#define LOG_RELOADED "SIGHUP: configuration reloaded"
#define LOG_RELOAD_EMPTY "SIGHUP: nothing to reload"
#define LOG_RELOAD_INVALID "SIGHUP: configuration invalid"
#define LOG_RELOAD_REFUSED "SIGHUP: nothing changed"
#define LOG_RELOAD_SETTING "SIGHUP: setting changed"
#define LOG_RELOAD_SECTION_ADDED "SIGHUP: section added"
#define LOG_RELOAD_SECTION_REMOVED "SIGHUP: section removed"
#define LOG_RELOAD_SECTIONS "SIGHUP: sections changed"
#define LOG_RELOAD_RESTART "SIGHUP: setting needs a restart"
#define LOG_RELOAD_ALLOWED "SIGHUP: rules applied to existing connections"

/* ---- the API ---------------------------------------------------------- */

#define LOG_API_OPENED "API opened"
#define LOG_API_NO_SOCKET "API without its socket"
#define LOG_API_COMMAND "API command"
#define LOG_API_DENIED "API command denied"
#define LOG_API_ENDED "API connection ended"
#define LOG_API_FULL "API connection limit reached"

/* ---- SIGUSR1 ---------------------------------------------------------- */

#define LOG_TOTALS "totals listed"
#define LOG_LIMITS "limits listed"
#define LOG_ADDRESS_LISTED "address listed"
#define LOG_CONSOLE_LISTED "console listed"
#define LOG_LISTING_CUT "listing without its consoles"
#define LOG_LISTING_UNDER_WAY "listing already under way"

/* ---- connections that have no console (yet) --------------------------- */

#define LOG_CONNECTION_ACCEPTED "VM port connection accepted"
#define LOG_CONNECTION_CLOSED "connection closed"
#define LOG_CONNECTION_REFUSED "connection refused"
#define LOG_PROXY_HEADER_REFUSED "PROXY header refused"
#define LOG_PROXY_HEADER_READ "PROXY header read"
#define LOG_CONNECTION_CHECKS "connection checks"
#define LOG_UNIDENTIFIED_CLOSED "unidentified connection closed"

/* ---- VMs -------------------------------------------------------------- */

#define LOG_VM_CONNECTED "VM connected"
#define LOG_VM_CERTIFICATE "VM certificate accepted"
#define LOG_VM_DISCONNECTED "VM disconnected"
#define LOG_VM_RENAMED "VM renamed"
#define LOG_VM_REFUSED "VM refused (WONT-PROXY)"
#define LOG_VM_CLEAR_REFUSED "VM in the clear refused"
#define LOG_VM_PAUSED "VM stopped forwarding (WONT 232)"
#define LOG_VM_UNKNOWN_REFUSED "unknown VM refused"
#define LOG_VM_KEY_REFUSED "VM without the right key refused"
#define LOG_VM_TAKEN_OVER "VM taken over by another address"
#define LOG_VM_TAKEOVER_REFUSED "VM takeover refused"
#define LOG_VM_OUTPUT_LOST "VM output lost"
#define LOG_VM_MESSAGE_MALFORMED "malformed VM message ignored"

/* ---- moves (vMotion) -------------------------------------------------- */

#define LOG_VM_MOVED "VM moved"
#define LOG_VM_MOVE_FAILED "VM move failed"
#define LOG_VM_MOVE_NOT_BEGUN "VM move refused (NOTNOW)"
#define LOG_VM_MOVE_NOT_JOINED "VM move refused (VMOTION-PEER)"
#define LOG_VM_MOVE_DESTINATION "VM move destination replaced"
#define LOG_VM_MOVE_STRAY_COMPLETE "VMOTION-COMPLETE without a move ignored"
#define LOG_VM_MOVE_STRAY_ABORT "VMOTION-ABORT without a move ignored"

/* ---- consoles --------------------------------------------------------- */

#define LOG_CONSOLE_EXPIRED "console expired"
#define LOG_CONSOLE_FORGOTTEN "console forgotten"
#define LOG_CONSOLE_REFUSED "new console refused"
#define LOG_CONSOLE_EVICTED "unused console expired to make room"
#define LOG_CONSOLE_NO_PORT "console has no telnet port"
#define LOG_CONSOLE_PORT_NOT_OPENED                                            \
    "console port not opened, console gets one when its VM connects"

/* ---- who may do what -------------------------------------------------- */

#define LOG_ACCESS_OPEN "everybody may write to every console"
#define LOG_ACCESS_LOCAL "clients of other machines will be refused"
#define LOG_ACCESS_STRANGE "access rule seems wrong"

#define LOG_TOKENS_LOADED "tokens loaded"
#define LOG_TOKENS_DAMAGED "token file damaged, moved aside"
#define LOG_TOKENS_FAILING "token file not read or written, will retry"
#define LOG_TOKENS_ANSWER "token file read and written again"
#define LOG_TOKENS_LEFT_OUT "damaged tokens left out"
#define LOG_TOKEN_CREATED "token created"
#define LOG_TOKEN_ENDED "token ended"
#define LOG_TOKEN_USED_ELSEWHERE "token used from a new address"
#define LOG_WEB_SESSION_BEGUN "web session begun"
#define LOG_WEB_SESSION_ENDED "web session ended"
#define LOG_WEB_SESSION_ELSEWHERE "web session used from a new address"
#define LOG_SSH_KEY_ADDED "ssh key added"
#define LOG_SSH_KEY_DELETED "ssh key deleted"

/* ---- clients ---------------------------------------------------------- */

#define LOG_CLIENT_CONNECTED "client connected"
#define LOG_CLIENT_DISCONNECTED "client disconnected"
#define LOG_CLIENT_AWAY "client's connection lost"
#define LOG_CLIENT_BACK "client connected again"
#define LOG_CLIENT_REFUSED "client refused"
#define LOG_CLIENT_LIMIT_REACHED "client limit reached"
#define LOG_CLIENT_DENIED "client denied"
#define LOG_CLIENT_NAMELESS "client certificate proves no name"
#define LOG_CLIENT_RIGHT_CHANGED "client's right changed"
#define LOG_CLIENT_BREAK "break sent"
#define LOG_CLIENT_MESSAGE "client sent a message"
#define LOG_CLIENT_DISCONNECTED_BY "client disconnected by another"
#define LOG_KEYBOARD_TAKEN "keyboard taken"
#define LOG_KEYBOARD_GIVEN "keyboard given"
#define LOG_KEYBOARD_LOCKED "keyboard locked"
#define LOG_KEYBOARD_UNLOCKED "keyboard unlocked"
#define LOG_CLIENT_LAGS "client lags and will miss output"

/* ---- the menu --------------------------------------------------------- */

#define LOG_MENU_PORT_OPENED "menu port opened"
#define LOG_MENU_OPENED "menu opened"
#define LOG_MENU_CLOSED "menu closed"

/* ---- the admin port --------------------------------------------------- */

#define LOG_ADMIN_PORT_OPENED "admin port opened"
#define LOG_ADMIN_LISTED "consoles listed on the admin port"
#define LOG_ADMIN_CLEARED "clients disconnected on the admin port"
#define LOG_ADMIN_REFUSED "request refused on the admin port"
#define LOG_ADMIN_CLOSED "admin connection closed"

/* ---- logins ----------------------------------------------------------- */

#define LOG_LOGIN_ACCEPTED "login accepted"
#define LOG_LOGIN_FAILED "login failed"
#define LOG_PASSWORDS_UNCHECKED "passwords cannot be checked"
#define LOG_GROUPS_UNKNOWN "groups of an account unknown"

/* ---- RFC 2217 --------------------------------------------------------- */

#define LOG_COMPORT_IGNORED "COM-PORT request ignored"
#define LOG_COMPORT_SIGNATURE "COM-PORT signature received"
#define LOG_COMPORT_LINE "serial port settings changed"

/* ---- service URIs ----------------------------------------------------- */

#define LOG_SERVICE_LISTENER_OPENED "service listener opened"
#define LOG_SERVICE_LISTENER_FAILED "service listener failed, will retry"
#define LOG_SERVICE_CONNECTED "service connection opened"
#define LOG_SERVICE_REFUSED "service refused by the rules"
#define LOG_SERVICE_FAILED "service connection failed, will retry"
#define LOG_NULL_MODEM "null modem connected"

/* ---- TLS -------------------------------------------------------------- */

#define LOG_TLS_OFF "TLS off, telnets:// will not work"
#define LOG_TLS_KEPT "TLS off, consoles wait for it"
#define LOG_TLS_CERTIFICATE "TLS certificate loaded"
#define LOG_TLS_SLOW_KEY "TLS key makes handshakes slow"
#define LOG_TLS_CRL_OLD "TLS CRL expires soon"
#define LOG_TLS_CRL_EXPIRED "TLS CRL expired, certificates are refused"
#define LOG_TLS_RELOADED "SIGHUP: TLS certificate reloaded, for new connections"
#define LOG_TLS_NOT_RELOADED                                                   \
    "SIGHUP: TLS certificate not reloaded, former one stays in use"

/* ---- state ------------------------------------------------------------ */

#define LOG_STATE_LOADING "state loading"
#define LOG_STATE_LOADED "state loaded"
#define LOG_STATE_NOT_KEPT                                                     \
    "state not kept, consoles get new ports after a restart"
#define LOG_STATE_TOO_LARGE "state has more consoles than --console-limit"
#define LOG_STATE_DAMAGED "state file damaged, moved aside and replaced"
#define LOG_STATE_NOT_WRITTEN "state not written, will retry"
#define LOG_STATE_WRITTEN "state written again"
#define LOG_STATE_SLOW "state disk slow, ports announced before they are saved"
#define LOG_STATE_ANSWERS "state disk answers again"
#define LOG_STATE_LOST                                                         \
    "shutdown: state not written, some consoles will get other ports"

/* ---- console logs ----------------------------------------------------- */

#define LOG_CONSOLE_LOGS "console logs enabled"
#define LOG_CONSOLE_LOGS_NO_PLACE                                              \
    "console log directory not writable, will retry"
#define LOG_CONSOLE_LOGS_REOPENED "SIGHUP: console logs reopened"
#define LOG_CONSOLE_LOGS_KEPT "SIGHUP: console logs continue unchanged"
#define LOG_CONSOLE_LOGS_DISABLED "SIGHUP: console logs disabled"
#define LOG_CONSOLE_LOGS_UNWRITTEN "shutdown: console log output not written"
#define LOG_CONSOLE_LOG_INCOMPLETE "shutdown: console log incomplete"
#define LOG_CONSOLE_LOG_NOT_WRITTEN "console log not written, will retry"
#define LOG_CONSOLE_LOG_WRITTEN "console log written again"
#define LOG_CONSOLE_LOG_GAP "console log has a gap"
#define LOG_CONSOLE_LOG_NOT_ROTATED                                            \
    "console log not rotated, file keeps growing"
#define LOG_CONSOLE_LOG_NOT_COMPRESSED                                         \
    "rotated console log not compressed, will retry"
#define LOG_CONSOLE_LOGS_DELETED "rotated console logs deleted"
#define LOG_CONSOLE_LOG_SAME_NAME                                              \
    "console log name already in use, using another"

/* ---- recordings ------------------------------------------------------- */

#define LOG_RECORDING_STARTED "recording started"
#define LOG_RECORDING_ENDED "recording ended"
#define LOG_RECORDING_NOT_WRITTEN "recording not written, will retry"
#define LOG_RECORDING_WRITTEN "recording written again"
#define LOG_RECORDING_GAP "recording has a gap"
#define LOG_RECORDING_NOT_COMPRESSED "recording not compressed"
#define LOG_RECORDINGS_DELETED "old recordings deleted"
#define LOG_RECORDINGS_UNWRITTEN "shutdown: recordings incomplete"

/* ---- audit log -------------------------------------------------------- */

#define LOG_AUDIT_OPENED "audit log opened"
#define LOG_AUDIT_CLOSED "audit log closed"
#define LOG_AUDIT_REOPENED "audit log reopened"
#define LOG_AUDIT_NOT_REOPENED                                                 \
    "audit log not reopened, former file stays in use, will retry"
#define LOG_AUDIT_DELETED "audit log deleted, another file begins"
#define LOG_AUDIT_NOT_WRITTEN "audit log not written, will retry"
#define LOG_AUDIT_WRITTEN "audit log written again"
#define LOG_AUDIT_EVENTS_LOST "audit events lost"
#define LOG_AUDIT_UNWRITTEN "shutdown: audit events not written"

/* ---- hooks ------------------------------------------------------------ */

#define LOG_HOOK_COMPLETED "hook completed"
#define LOG_HOOK_FAILED "hook failed"
#define LOG_HOOK_NOT_STARTED "hook not started"
#define LOG_HOOK_UNUSABLE "hook cannot be run"
#define LOG_HOOKS_UNUSABLE "hooks cannot be run"
#define LOG_HOOK_EVENTS_DROPPED "hook events dropped"
#define LOG_HOOK_EVENTS_DROPPED_AT_END "shutdown: hook events dropped"
#define LOG_HOOK_LEFT_RUNNING "shutdown: hook left running"

/* ---- the inventory ---------------------------------------------------- */

#define LOG_INVENTORY_LOADED "inventory loaded"
#define LOG_INVENTORY_NOT_LOADED "inventory not loaded"
#define LOG_INVENTORY_VM_LEFT_OUT "inventory VM left out"
#define LOG_INVENTORY_UNUSABLE "inventory cannot be used"

/* ---- alerts ----------------------------------------------------------- */

#define LOG_ALERT_RULES "alert rules in force"
#define LOG_ALERT_RULES_UNUSABLE "alert rules not in force"
#define LOG_ALERT_OUTPUT_MISSED "output missed by alerts"
#define LOG_ALERT_RAISED "alert raised"
#define LOG_ALERT_ACKNOWLEDGED "alert acknowledged"
#define LOG_ALERTS_MUTED "alerts muted"
#define LOG_ALERTS_UNMUTED "alerts unmuted"
#define LOG_ALERTS_LOADED "alerts loaded"
#define LOG_WEBHOOK_FAILS "webhook delivery failed, will retry"
#define LOG_WEBHOOK_ANSWERS "webhook answers again"
#define LOG_WEBHOOK_GIVEN_UP "webhook delivery given up"
#define LOG_WEBHOOK_DROPPED "webhook deliveries dropped"
#define LOG_WEBHOOK_DROPPED_AT_END "shutdown: webhook deliveries dropped"
#define LOG_WEBHOOKS_UNUSABLE "webhooks cannot be used"

#endif
