"""/metrics for Prometheus, and what comes with it: documents, alerts, the
dashboard; /healthz and /readyz."""

import json
import pathlib
import re
import signal
import subprocess
import urllib.parse
import urllib.request

import pytest

from harness import words
from harness.net import PortBlock, eventually
from harness.vm import URI
from test_audit import limit_files, path, start, wait_event  # noqa: F401
from test_web import OPENED, curl

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = SOURCE / "build/unpacked/prometheus/usr/bin"
RULES = SOURCE / "dist/prometheus/vspcd.rules.yml"
DASHBOARD = SOURCE / "dist/grafana/vspcd.json"
TYPE = "text/plain; version=0.0.4; charset=utf-8"

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# What the files for Prometheus and Grafana name, and others export.
FOREIGN = {"up", "ALERTS"}


def program(name):
    """Of Debian's package, which is unpacked and not installed."""
    if not (PROMETHEUS / name).exists():
        pytest.skip(f"there is no {name}: make deps, or "
                    "scripts/unpack-packages build/unpacked")
    return PROMETHEUS / name


def promtool(*args, **options):
    result = subprocess.run(
        [program("promtool"), *map(str, args)], text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        **options)
    assert result.returncode == 0, result.stdout
    return result.stdout


def scrape(vspcd, query=""):
    status, text = curl(vspcd, "/metrics" + query, "-g")
    assert status == 200, text
    return text


def families_of(text):
    """{name: (kind, labels, help)}, in order."""
    families = {}
    for line in text.splitlines():
        if found := re.fullmatch(r"# HELP (\w+) (.*)", line):
            families[found[1]] = ["", [], found[2]]
        elif found := re.fullmatch(r"# TYPE (\w+) (\w+)", line):
            families[found[1]][0] = found[2]
        else:
            name, labels, _ = SAMPLE.fullmatch(line).groups()
            if name not in families:
                name = re.sub("_(bucket|sum|count)$", "", name)
            for label, _ in LABEL.findall(labels or ""):
                if label not in ["le", *families[name][1]]:
                    families[name][1].append(label)
    return families


def values_of(text):
    """{'name{labels}': value}"""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in text.splitlines() if not line.startswith("#")}


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A scrape that has all metrics there are."""
    from harness.programs import Vspcd
    path = tmp_path_factory.mktemp("inventory") / "vms.json"
    path.write_text("[]")
    path.chmod(0o644)
    vspcd = Vspcd("--inventory", path, "--inventory-metrics", "folder")
    try:
        vspcd.wait_ready()
        vspcd.vm("web").send(b"login: ")
        eventually(lambda: values_of(scrape(vspcd))[
            'vspcd_vm_bytes_total{direction="output"}'] == 7, "7 bytes")
        return scrape(vspcd, "?consoles=*")
    finally:
        vspcd.stop()


# ---- its text ---------------------------------------------------------------

def test_promtool_finds_nothing_wrong(everything):
    assert promtool("check", "metrics", input=everything) == ""


def test_a_content_type_that_prometheus_takes(vspcd):
    _, head = curl(vspcd, "/metrics", "-D", "-", "-o", "/dev/null")
    assert f"content-type: {TYPE}" in head.lower()


def test_each_metric_is_documented(everything):
    rows = [f"| `{name}` | {kind} | {', '.join(labels)} | {text} |"
            for name, (kind, labels, text) in families_of(everything).items()]
    written = re.findall(r"^\| `\w+` \|.*", (SOURCE / "docs/metrics.md")
                         .read_text(), re.M)
    assert sorted(written) == sorted(rows)


def test_numbers_follow_what_happens(vspcd):
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"ls\r")
    vm.read_until(b"ls\r")
    moved = vspcd.move(vm)
    values = values_of(scrape(vspcd, "?consoles=web"))
    assert values['vspcd_consoles{state="connected"}'] == 1
    assert values['vspcd_clients{door="port"}'] == 1
    assert values['vspcd_vm_bytes_total{direction="input"}'] == 3
    assert values['vspcd_moves_ended_total{outcome="completed"}'] == 1
    assert values["vspcd_move_seconds_count"] == 1
    assert values["vspcd_move_goahead_seconds_count"] == 1
    assert 0 < values["vspcd_move_goahead_seconds_sum"] < 60
    assert values["vspcd_move_peer_ok_seconds_count"] == 1
    assert values["openstack_compute_vspc_active_connections"] == 2
    assert values["process_open_fds"] <= values["process_max_fds"]
    assert values["vspcd_loop_turn_seconds_count"] > 1
    labels = f'console="web",id="{vm.uuid}/{URI}"'
    assert values[f"vspcd_by_console_input_bytes_total{{{labels}}}"] == 3
    assert values[f"vspcd_by_console_vm_connected{{{labels}}}"] == 1
    moved.close()
    eventually(lambda: values_of(scrape(vspcd, "?consoles=web"))[
        f"vspcd_by_console_vm_connected{{{labels}}}"] == 0, "its end")
    assert values_of(scrape(vspcd))['vspcd_consoles{state="none"}'] == 1


def test_requests_are_counted_by_door_and_answer(start_vspcd):
    vspcd = start_vspcd("--web", "127.0.0.1:0")
    port = vspcd.wait_log(OPENED).group(1)
    assert curl(vspcd, "/nothing")[0] == 404
    for _ in range(2):  # the second one counts the first
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics",
                                    timeout=30) as answer:
            values = values_of(answer.read().decode())
    requests = "vspcd_api_requests_total"
    assert values[f'{requests}{{door="socket",code="4xx"}}'] == 1
    assert values[f'{requests}{{door="web",code="2xx"}}'] == 1
    assert values[f'{requests}{{door="socket",code="2xx"}}'] == 0


def test_a_pattern_that_is_none(vspcd):
    status, body = curl(vspcd, "/metrics?consoles=[a", "-g")
    assert status == 400 and "[ without ]" in body


# ---- what uses it -----------------------------------------------------------

def metrics_in(expression):
    """Names that look like metrics, not functions, labels and their values."""
    bare = re.sub(r'"[^"]*"|by \([^)]*\)|without \([^)]*\)|\[[^]]*\]', "",
                  expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    return {name for name in re.findall(r"\b[a-z][a-z0-9_]+\b(?!\s*\()", bare)
            if name not in ("and", "or", "unless", "le", "by")}


def exported(everything):
    names = set(FOREIGN)
    for name, (kind, _, _) in families_of(everything).items():
        names |= ({name + end for end in ("_bucket", "_sum", "_count")}
                  if kind == "histogram" else {name})
    return names


def test_each_metric_of_the_dashboard_is_exported(everything):
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["__inputs"][0]["name"] == "DS_PROMETHEUS"
    panels = [p for p in dashboard["panels"] if p["type"] != "row"]
    assert len({p["id"] for p in dashboard["panels"]}) == \
        len(dashboard["panels"])
    expressions = [t["expr"] for p in panels for t in p["targets"]]
    named = set().union(*map(metrics_in, expressions))
    assert len(named) > 20 and named <= exported(everything)
    query = dashboard["templating"]["list"][0]["query"]["query"]
    assert "vspcd_build_info" in query


def expressions_of(rules):
    return dict(re.findall(r"- alert: (\w+)\n +expr: (.*)", rules))


def test_each_metric_of_the_alerts_is_exported(everything):
    found = expressions_of(RULES.read_text())
    named = set().union(*map(metrics_in, found.values()))
    assert len(found) > 10 and named <= exported(everything)


# How the numbers of an alert look, 30 minutes long, when it has to be there;
# and they must not be there when nothing happens.
ALERTS = {
    "VspcdDown": {'up{job="vspcd"}': "0x30"},
    "VspcdVmsLost": {"vspcd_vms": "100x10 40x20"},
    "VspcdStateFailing": {"vspcd_state_failing": "1x30"},
    "VspcdAuditFailing": {"vspcd_audit_failing": "1x30"},
    "VspcdAuditEventsLost": {"vspcd_audit_events_lost_total": "0+1x30"},
    "VspcdConsoleLogGaps": {"vspcd_console_log_gaps_total": "0+1x30"},
    "VspcdMovesFail": {"vspcd_moves_failed_total": "0+1x30"},
    "VspcdMoveAnswersSlow": {
        'vspcd_move_goahead_seconds_bucket{le="0.25"}': "0x30",
        'vspcd_move_goahead_seconds_bucket{le="0.5"}': "0+1x30",
        'vspcd_move_goahead_seconds_bucket{le="+Inf"}': "0+1x30"},
    "VspcdLoopSlow": {
        'vspcd_loop_turn_seconds_bucket{le="0.1"}': "0x30",
        'vspcd_loop_turn_seconds_bucket{le="0.25"}': "0+9x30",
        'vspcd_loop_turn_seconds_bucket{le="+Inf"}': "0+9x30"},
    "VspcdOpenFiles": {'process_open_fds{job="vspcd"}': "95x30",
                       'process_max_fds{job="vspcd"}': "100x30"},
    "VspcdConsolesLimit": {'vspcd_consoles{state="connected"}': "90x30",
                           'vspcd_consoles{state="none"}': "5x30",
                           "vspcd_consoles_limit": "100x30"},
    "VspcdClientsLimit": {'vspcd_clients{door="port"}': "90x30",
                          'vspcd_clients{door="menu"}': "5x30",
                          "vspcd_clients_limit": "100x30"},
    "VspcdNewcomersClosed": {"vspcd_unidentified_closed_total": "0+1x30",
                             "vspcd_unserved_closed_total": "0x30"},
    "VspcdLoginsDenied": {'vspcd_logins_total{outcome="denied"}': "0+9x30"},
    "VspcdHooksFail": {"vspcd_hooks_failed_total": "0+1x30",
                       "vspcd_hook_events_dropped_total": "0x30"},
    "VspcdWebhooksFail": {
        'vspcd_webhook_deliveries_total{outcome="given-up"}': "0+1x30",
        'vspcd_webhook_deliveries_total{outcome="sent"}': "0x30",
        "vspcd_webhook_deliveries_waiting": "0x30"},
}


def rule_test(series, alert, is_there):
    count = [{"labels": "{}", "value": 1}] if is_there else []
    return {"interval": "1m",
            "input_series": [{"series": name, "values": values}
                             for name, values in series.items()],
            "promql_expr_test": [{
                "expr": f'count(ALERTS{{alertname="{alert}",'
                        'alertstate="firing"})',
                "eval_time": "29m", "exp_samples": count}]}


def quiet(values):
    """The same numbers of a day on which nothing happens: as they begin, or
    the least there may be."""
    return {"0x30": "1x30", "1x30": "0x30", "95x30": "50x30",
            "90x30": "50x30", "100x10 40x20": "100x30"}.get(
                values, re.sub(r"^0\+\dx", "0x", values))


def test_each_alert_comes_when_it_should(tmp_path):
    assert set(expressions_of(RULES.read_text())) == set(ALERTS)
    tests = [rule_test(series, alert, True)
             for alert, series in ALERTS.items()]
    tests += [rule_test({name: quiet(values)
                         for name, values in series.items()}, alert, False)
              for alert, series in ALERTS.items()]
    # JSON is YAML.
    (tmp_path / "tests.yml").write_text(json.dumps(
        {"rule_files": [str(RULES)], "evaluation_interval": "1m",
         "tests": tests}))
    assert "SUCCESS" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("test", "rules", tmp_path / "tests.yml")


def test_prometheus_itself(start_vspcd, tmp_path):
    """Its own configuration, its own scrape, its own answer."""
    prometheus = program("prometheus")
    vspcd = start_vspcd("--web", "127.0.0.1:0")
    vspcd.vm("web")
    target = f"127.0.0.1:{vspcd.wait_log(OPENED).group(1)}"
    ports = PortBlock(1)
    here = f"127.0.0.1:{ports.take()}"
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{
            "job_name": "vspcd", "params": {"consoles": ["w*"]},
            "static_configs": [{"targets": [target]}]}]}))
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [prometheus, f"--config.file={config}",
             f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address={here}"], stdout=log, stderr=log)

    def ask(query):
        url = f"http://{here}/api/v1/query?query="
        try:
            with urllib.request.urlopen(url + urllib.parse.quote(query),
                                        timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return []

    try:
        found = eventually(lambda: ask(
            "vspcd_by_console_vm_connected == 1 and on () up == 1"),
            "a scrape")
        assert found[0]["metric"]["console"] == "web"
        assert ask("vspcd_vms")[0]["value"][1] == "1"
        assert ask("vspcd_loop_turn_seconds_count")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        ports.close()


# ---- probes -----------------------------------------------------------------

def test_probes_of_a_vspcd_that_works(vspcd):
    assert curl(vspcd, "/healthz") == (200, "ok\n")
    assert curl(vspcd, "/readyz") == (200, "ok\n")


def test_not_ready_while_the_audit_log_fails(start, path):  # noqa: F811
    vspcd = start("--audit-required", "on")
    limit_files(vspcd, 1)
    vspcd.vm("web")  # an event
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN)
    status, body = curl(vspcd, "/readyz")
    assert status == 503 and "audit log" in body
    assert curl(vspcd, "/healthz")[0] == 200
    limit_files(vspcd, None)
    wait_event(path, words.AUDIT_WRITTEN)
    eventually(lambda: curl(vspcd, "/readyz")[0] == 200, "it to be ready")
