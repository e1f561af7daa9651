"""Settings: options before environment before phaseflow.toml; paths relative to the file; mistakes are told."""

import pytest

from phaseflow.cli.config import read_settings, url_of
from phaseflow.errors import PolicyError


def test_the_nearest_file_above_counts_and_its_paths_are_relative_to_it(tmp_path):
    """The same database is meant from every folder below."""
    (tmp_path / "phaseflow.toml").write_text(
        '[phaseflow]\ndb = "runs.db"\nlocale = "zh"\nhooks = ["console"]\n[smtp]\nhost = "mail"\n'
    )
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = read_settings(folder=below, environ={})
    assert found.db == f"sqlite:///{tmp_path}/runs.db"
    assert (found.locale, found.hooks, found.notifiers) == ("zh", ("console",), {"smtp": {"host": "mail"}})


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path):
    """The order is option, environment, file."""
    (tmp_path / "phaseflow.toml").write_text('[phaseflow]\ndb = "file.db"\n')
    environ = {"PHASEFLOW_DB": "environment.db"}
    assert read_settings("option.db", tmp_path, environ).db == "sqlite:///option.db"
    assert read_settings(None, tmp_path, environ).db == "sqlite:///environment.db"
    assert read_settings(None, tmp_path, {}).db.endswith("/file.db")


@pytest.mark.parametrize(
    "text",
    [
        "[phaseflow]\ndatabase = 'x'",
        "[mail]\nhost = 'x'",
        "relay = 1",
        "[relay]\nsmtp = 1",
        "[phaseflow]\nhooks = 'console'",
        "[phaseflow]\ndb = 1",
        "not toml",
    ],
)
def test_a_setting_that_nothing_reads_is_told(tmp_path, text):
    """A misspelt setting would change nothing, so it is an error."""
    (tmp_path / "phaseflow.toml").write_text(text)
    with pytest.raises(PolicyError, match="PF702"):
        read_settings(None, tmp_path, {})


@pytest.mark.parametrize("url", ["memory:", "postgresql://host/db", "sqlite:////absolute.db", "sqlite:///relative.db"])
def test_a_url_stays_as_it_is(url):
    """Only a bare path is taken for a SQLite file."""
    assert url_of(url) == url


def test_hooks_of_the_settings_are_told_by_relay(desk):
    """The console hook named in phaseflow.toml prints the reminder that a tick has put into the outbox."""
    (desk.folder / "phaseflow.toml").write_text('[phaseflow]\nhooks = ["console"]\n')
    desk.start()
    desk.now = "2009-03-07T08:00+08:00"
    desk.call("tick")
    found = desk.call("relay").stdout
    assert "Kick-off" in found
    assert "delivered " in found


@pytest.mark.parametrize("hook", ["consol", "no.such.module:Thing", "json:nothing", "phaseflow.notifiers.smtp:Smtp"])
def test_a_hook_that_cannot_be_loaded_is_a_problem(desk, hook):
    """A hook is named wrongly, or cannot be made: told with the file it is named in."""
    (desk.folder / "phaseflow.toml").write_text(f'[phaseflow]\nhooks = ["{hook}"]\n')
    found = desk.call("start", desk.policy, "--start", "2009-03-01", code=1)
    assert f"error PF704: the hook '{hook}' cannot be loaded" in found.stderr
