"""Dead letters on the command line: look, try again, drop; and how a hook is told by phaseflow.toml."""

import sys

PLUGIN = """
from phaseflow.hooks import Undeliverable, hookimpl

class Broken:
    name = "broken"

    @hookimpl
    def notice(self, notice, recipient):
        raise Undeliverable("no such number")
"""


def broken(desk, monkeypatch):
    """A desk whose only hook can never tell anybody, with the opening of a phase to be told to the office."""
    (desk.folder / "broken_hook.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(desk.folder))
    sys.modules.pop("broken_hook", None)
    (desk.folder / "phaseflow.toml").write_text('[phaseflow]\nhooks = ["broken_hook:Broken"]\n')
    desk.start()
    assert "dead 2" in desk.call("relay").stdout


def test_a_dead_letter_is_shown_tried_again_and_dropped(desk, monkeypatch):
    """`dead list`, `dead retry`, `dead drop`: each says what it did, and what is gone is gone."""
    broken(desk, monkeypatch)
    letter, _ = desk.json("dead", "list")
    assert letter["id"].endswith("/broken/boss")
    assert letter["notice"]["kind"] == "phase_opened"
    shown = desk.call("dead", "list", "--hook", "broken", "--run", "safety").stdout
    assert "phase_opened study, 1 claims: gave up: Undeliverable: no such number" in shown
    assert desk.call("dead", "retry", letter["id"]).stdout == "1 to be tried again by the next relay\n"
    assert [one["id"] for one in desk.json("dead", "list")] != [letter["id"]]
    assert desk.json("relay")["dead"] == 1
    retried = desk.json("dead", "retry", "--all", "--hook", "broken")["retried"]
    assert retried[0] == letter["id"]
    assert desk.call("dead", "list").stdout == "nothing is dead\n"
    desk.call("relay")
    for one in retried:
        desk.call("dead", "drop", one, "--reason", "told by telephone", "--by", "boss")
    assert desk.json("dead", "list") == []


def test_what_is_not_dead_cannot_be_retried_or_dropped(desk, monkeypatch):
    """An id that is no dead letter's is told as such (PF732); names or --all, never both, never neither."""
    broken(desk, monkeypatch)
    assert "PF732" in desk.call("dead", "retry", "nothing", code=1).stderr
    assert "PF732" in desk.call("dead", "drop", "nothing", "--reason", "x", "--by", "boss", code=1).stderr
    desk.call("dead", "retry", code=2)
    desk.call("dead", "retry", "x", "--all", code=2)
    desk.call("dead", "drop", "x", code=2)


def test_the_manner_of_a_hook_stands_in_the_settings(desk):
    """[relay.NAME] holds quiet hours, digests and the rest; what cannot be read is PF730."""
    (desk.folder / "phaseflow.toml").write_text(
        '[phaseflow]\nhooks = ["console"]\n[relay.console]\ncatch_up = "none"\n'
    )
    desk.start()
    desk.now = "2009-03-12T08:00+08:00"
    desk.call("tick")
    assert "Kick-off" not in desk.call("relay").stdout, "the reminder of five days ago was missed"
    (desk.folder / "phaseflow.toml").write_text(
        '[phaseflow]\nhooks = ["console"]\n[relay.console]\nquiet = "nights"\n'
    )
    assert "PF730" in desk.call("relay", code=1).stderr
