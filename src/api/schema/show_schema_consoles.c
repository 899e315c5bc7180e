/* A console, who is at it, and what it has printed. */
#include "api/schema/show_schema_rows.h"

static const struct show_member consoles_members[] = LIST_OF("Console");

static const struct show_member clients_members[] = LIST_OF("Client");

static const struct show_member people_members[] = LIST_OF("Person");

static const struct show_member moves_members[] = LIST_OF("Move");

static const struct show_member keyboard_members[] = {
    { "client", "number", "The client that has it." },
    { "name", "text", "Of its person; without one its address." },
    { "mode", "free-for-all|write|exclusive", "What others may do meanwhile." },
    { .name = NULL },
};

static const struct show_member inventory_members[] = {
    { "folder", "text?", "Such as /prod/web." },
    { "host", "text?", "As the inventory names it." },
    { "owner", "text?", "Who has the VM." },
    { "tags", "[text]", "As the inventory has them." },
    { "name", "text?", "Of the VM in the inventory." },
    { .name = NULL },
};

static const struct show_member lock_members[] = {
    { "by", "text", "Only this person's clients type." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "reason", "text?", "As given." },
    { "since", "time", "When it was locked." },
    { "until", "time?", "When it ends by itself." },
    { .name = NULL },
};

static const struct show_member line_members[] = {
    { "vm", "text", "As the VM has set it, such as 115200,8N1." },
    { "clients", "text", "As its clients have set it." },
    { "vm_drives", "text", "Modem lines: DTR,RTS, or none." },
    { "clients_drive", "text", "The same." },
    { .name = NULL },
};

static const struct show_member window_members[] = {
    { "columns", "number", "In characters." },
    { "rows", "number", "In characters." },
    { .name = NULL },
};

static const struct show_member service_members[] = {
    { "asks_for", "text", "The service URI, in words." },
    { "state", "none|listening|connected|connecting|waiting|idle|refused",
      "How far it is." },
    { .name = NULL },
};

static const struct show_member log_members[] = {
    { "path", "text", "Its file." },
    { "state", "text", "ok, or why it is not written." },
    { "written_bytes", "number", "Since the start of vspcd." },
    { "missing_bytes", "number", "Of output that could not be written." },
    { .name = NULL },
};

static const struct show_member client_members[] = {
    { "number", "number", "Unique until vspcd is restarted." },
    { "console", "text", "Its console, as shown to people." },
    { "console_id", "text", "Its console's identity." },
    { "name", "text?", "Of its person or program." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How that was proven." },
    { "door", "text", "How it came: port, menu, ..." },
    { "right", "read|write|break|control|admin", "On its console." },
    { "mode", "free-for-all|write|exclusive|read-only",
      "What it may do to the keyboard." },
    { "peer", "text?", "Its address." },
    { "tls", "flag", "Whether its connection is in TLS." },
    { "has_keyboard", "flag", "For itself." },
    { "lags", "flag", "The VM does not wait for it." },
    { "since", "time", "When it came." },
    { "input_bytes", "number", "From it to the VM." },
    { "output_bytes", "number", "To it." },
    { "behind_bytes", "number", "Of output that it has not had." },
    { "window", "Window?", "Of its terminal." },
    { "typed_last", "flag",
      "Of all clients of its console; only with the right control." },
    { .name = NULL },
};

static const struct show_member person_members[] = {
    { "name", "text?", "Null: somebody who has proven nothing." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "address", "text?", "Of somebody without a name." },
    { "since", "time?", "When the first of its clients came." },
    { "clients", "[Client]", "In the order of their coming." },
    { .name = NULL },
};

static const struct show_member move_members[] = {
    { "ended", "time", "When it was over." },
    { "from", "text?", "The source's address." },
    { "to", "text?", "The last destination's address." },
    { "completed", "flag", "Whether the VM has moved as planned." },
    { "outcome", "text", "completed, taken-over, aborted, timed-out, ..." },
    { "took", "seconds", "From its begin to its end." },
    { "held_bytes", "number", "Of input, kept meanwhile." },
    { .name = NULL },
};

static const struct show_member log_lines_members[] = {
    { "items", "[LogLine]", "In the order of the file." },
    { "file", "text", "That was looked through." },
    { "bytes", "number?", "Of the file; null: of a packed one." },
    { "next", "number?", "From where to go on; null: that was all." },
    { .name = NULL },
};

static const struct show_member log_line_members[] = {
    { "at", "number", "The byte of the file at which the line begins." },
    { "time", "time?", "Of the line, if the log has times." },
    { "line", "text", "What is around the text." },
    { .name = NULL },
};

static const struct show_member log_places_members[] = {
    { "files", "[LogFile]", "The newest first." },
    { "timed", "flag", "Lines have times." },
    { "found", "LogPlace?", "What was asked for; null: it is not there." },
    { "kept", "text", "Where the history begins, EPOCH:POSITION." },
    { "place", "text", "Behind all output by now, EPOCH:POSITION." },
    { .name = NULL },
};

static const struct show_member log_file_members[] = {
    { "file", "text", "What commands call it." },
    { "bytes", "number", "Where it ends." },
    { "begin", "number", "Where the console's output begins in it." },
    { "packed", "flag", "It is compressed; bytes are of what is in it." },
    { .name = NULL },
};

static const struct show_member log_place_members[] = {
    { "file", "text", "One of the files." },
    { "at", "number", "A byte of it." },
    { .name = NULL },
};

static const struct show_member sent_members[] = {
    { "sent", "number", "Bytes that the VM's connection has taken." },
    { "console", "Console", "As it is now." },
    { .name = NULL },
};

static const struct show_member done_members[] = {
    { "done", "text", "What was done, for people." },
    { "console", "Console", "As it is now; missing without one." },
    { "told", "number", "Of a message: how many people were there." },
    { "disconnected", "number", "Of disconnect: how many clients." },
    { .name = NULL },
};

static const struct show_member forgotten_members[] = {
    { "forgotten", "flag", "It is." },
    { "id", "text", "Its identity." },
    { "name", "text", "As it was shown to people." },
    { .name = NULL },
};

static const struct show_member recording_members[] = {
    { "id", "text", "Which one: it tells when it began." },
    { "console", "RecordedConsole", "Whose it is." },
    { "started", "time", "When it began." },
    { "ended", "time?", "null: it goes on." },
    { "seconds", "seconds", "How long it is." },
    { "bytes", "number", "Of its files, unpacked." },
    { "reason", "rule|session|demand",
      "Why it began: record = always, record = sessions, or somebody wanted "
      "it." },
    { "by", "text?", "Who wanted it; null: a rule." },
    { "format", "v2|v3", "The version of asciicast of its files." },
    { "has_input", "flag", "What was typed is in it, too." },
    { "is_complete", "flag",
      "All of its files are there and whole, up to its end; or, while it goes "
      "on, from its beginning on." },
    { "gaps", "number", "Places where output is missing." },
    { "missing_bytes", "number", "Of output, in all gaps." },
    { "parts", "number", "How many files it has." },
    { .name = NULL },
};

static const struct show_member recorded_console_members[] = {
    { "id", "text", "UUID/LABEL." },
    { "uuid", "text", "The VM's." },
    { "label", "text", "Of its serial port." },
    { "name", "text",
      "As it is called now; one that is not known, as it was called." },
    { "is_known", "flag", "It is in the list of consoles." },
    { .name = NULL },
};

static const struct show_member recordings_members[] = {
    { "items", "[Recording]", "What may be read." },
    { "total", "number", "How many there are, on other pages too." },
    { "hidden", "number",
      "How many the caller may not read, whatever it looks for." },
    { "unread", "number",
      "How many are not among them because they could not be read, or were not "
      "searched." },
    { .name = NULL },
};

static const struct show_member recording_done_members[] = {
    { "done", "text", "A sentence." },
    { "recording", "Recording", "Which one." },
    { .name = NULL },
};

static const struct show_member recording_deleted_members[] = {
    { "done", "text", "A sentence." },
    { "recording", "text", "Its id." },
    { .name = NULL },
};

const struct show_schema show_schema_consoles[] = {
    { "Console", "One virtual serial port of one VM.", NULL },
    { "Consoles", "A list of consoles.", consoles_members },
    { "Keyboard", "Who types.", keyboard_members },
    { "Inventory", "What the inventory has about a VM.", inventory_members },
    { "Lock", "A locked keyboard.", lock_members },
    { "Line", "A serial line.", line_members },
    { "Window", "The size of a terminal's window.", window_members },
    { "Service", "What a VM's serial port asks for.", service_members },
    { "Log", "A console log.", log_members },
    { "Client", "A connection that reads a console and may type.",
      client_members },
    { "Clients", "A list of clients.", clients_members },
    { "Person", "Somebody who has consoles open.", person_members },
    { "People", "A list of people.", people_members },
    { "Move", "A vMotion of a VM.", move_members },
    { "Moves", "A list of moves.", moves_members },
    { "LogLines", "Lines of a console's log that have a text.",
      log_lines_members },
    { "LogLine", "A line of a console's log.", log_line_members },
    { "LogPlaces", "What stands where in a console's log.",
      log_places_members },
    { "LogFile", "A file of a console's log.", log_file_members },
    { "LogPlace", "A byte of a console's log.", log_place_members },
    { "Sent", "What went to a VM.", sent_members },
    { "Done", "What was done.", done_members },
    { "Forgotten", "A console that is gone.", forgotten_members },
    { "Recording", "A recording of a console.", recording_members },
    { "Recordings", "A list of recordings.", recordings_members },
    { "RecordedConsole", "The console of a recording.",
      recorded_console_members },
    { "RecordingDone", "A recording was begun or ended.",
      recording_done_members },
    { "RecordingDeleted", "A recording that is gone.",
      recording_deleted_members },
    { .name = NULL },
};
