"""Plugins are checked when they are registered, and called with what they name."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, get_args

import pytest

from phaseflow.core.notices import NoticeKind
from phaseflow.errors import PhaseflowError
from phaseflow.hooks import HookError, Hooks, Plugins, Recipient, Telling, hookimpl
from phaseflow.stores import open_store
from phaseflow.stores.base import StoreMisuse
from phaseflow.stores.memory import MemoryStore
from tests.outbox import NOON, a_notice

TELLING = Telling(id="n/bell", hook="bell", attempt=1, now=NOON)


class Bell:
    """A plugin with a name, a hook of its own for one kind, and one for the rest."""

    name = "bell"

    def __init__(self) -> None:
        self.heard: list[Any] = []

    @hookimpl
    def overdue(self, delivery: Telling, notice: Any) -> None:
        self.heard.append(("overdue", notice.kind, delivery.id))

    @hookimpl
    def notice(self, notice: Any) -> None:
        self.heard.append(("notice", notice.kind))


def call(plugins: Plugins, plugin: str, kind: str) -> None:
    """Call a hook as the relay does."""
    impl = plugins.implementation(plugin, kind)
    assert impl is not None
    impl(notice=a_notice(kind), delivery=TELLING, recipient=Recipient(id="li"))


def faults(*plugins: object) -> list[str]:
    """What is wrong with plugins, as (code, what, fix) in one text each."""
    with pytest.raises(HookError) as caught:
        Plugins(plugins)
    return [f"{problem.code} {problem.what} | {problem.fix}" for problem in caught.value.problems]


def test_every_kind_of_notice_is_a_hook_and_there_are_no_others() -> None:
    """The hooks are the kinds of notices, `notice` for all of them, and `idle`."""
    hooks = {name for name in vars(Hooks) if not name.startswith("_")}
    assert hooks == {*get_args(NoticeKind), "notice", "idle"}


def test_the_hook_of_a_kind_goes_before_the_hook_for_all() -> None:
    """A plugin is called once: by its own hook for the kind, or else by `notice`."""
    bell = Bell()
    plugins = Plugins([bell])
    call(plugins, "bell", "overdue")
    call(plugins, "bell", "outcome")
    assert bell.heard == [("overdue", "overdue", "n/bell"), ("notice", "outcome")]


def test_a_plugin_may_be_a_module_or_bear_the_name_of_its_class() -> None:
    """Names come from `name`, the class, or the module."""

    class Drum:
        @hookimpl
        def waiver(self) -> None: ...

    module = types.ModuleType("host_hooks")
    module.outcome = hookimpl(lambda notice: None)  # type: ignore[attr-defined]
    plugins = Plugins([Bell(), Drum(), module])
    assert plugins.names == ("bell", "Drum", "host_hooks")
    assert plugins.implementation("Drum", "outcome") is None


def test_an_unknown_hook_is_refused_with_the_nearest_name() -> None:
    """A misspelt hook is found when it is registered, not when it is not called."""

    class Drum:
        @hookimpl
        def phaseflow_due_son(self, notice: Any) -> None: ...

    assert faults(Drum()) == [
        "PF391 'phaseflow_due_son' of plugin 'Drum' is no hook of phaseflow | did you mean 'due_soon'?"
    ]


def test_an_unknown_argument_is_refused_with_the_nearest_name() -> None:
    """A hook cannot ask for what it will not be given."""

    class Drum:
        @hookimpl
        def due_soon(self, notise: Any) -> None: ...

    (fault,) = faults(Drum())
    assert fault.startswith("PF392 'due_soon' of plugin 'Drum' asks for an argument 'notise' that there is not")
    assert fault.endswith("did you mean 'notice'?")


def test_an_argument_that_would_never_be_passed_is_refused() -> None:
    """Defaults, stars and keyword-only arguments look as if they were filled, and would not be."""

    class Drum:
        @hookimpl
        def due_soon(self, notice: Any, recipient: Any = None, *, delivery: Any) -> None: ...

        @hookimpl
        def overdue(self, **given: Any) -> None: ...

    assert [text[:5] for text in faults(Drum())] == ["PF392"] * 3


def test_a_hook_without_its_mark_is_refused() -> None:
    """Forgetting the mark would make a silent plugin."""

    class Drum:
        def due_soon(self, notice: Any) -> None: ...

    (fault,) = faults(Drum())
    assert fault.startswith("PF393 'due_soon' of plugin 'Drum' has the name of a hook and is not marked as one")


def test_all_faults_of_all_plugins_come_at_once() -> None:
    """One start shows everything there is to mend."""

    class Empty: ...

    class Slash:
        name = "a/b"

        @hookimpl
        def outcom(self) -> None: ...

    codes = [text[:5] for text in faults(Empty(), Slash(), Bell(), Bell(), Bell)]
    assert codes == ["PF394", "PF390", "PF391", "PF397", "PF396"]


def test_a_wrapper_is_refused() -> None:
    """Each plugin is called alone, so that there is nothing to wrap."""
    import pluggy

    class Wrap:
        @pluggy.HookimplMarker("phaseflow")(wrapper=True)
        def notice(self, notice: Any) -> Any:
            return (yield)

    assert faults(Wrap())[0].startswith("PF395")


def test_properties_of_a_plugin_are_not_run_by_the_check() -> None:
    """Looking at a plugin has no effects."""

    class Drum:
        @property
        def connection(self) -> None:
            raise AssertionError

        @hookimpl
        def notice(self) -> None: ...

    assert Plugins([Drum()]).names == ("Drum",)


# --- stores that others bring ---------------------------------------------------------------------------------------


def _install(place: Path, package: str, entry: str) -> None:
    info = place / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[phaseflow.stores]\n{entry}\n")


def test_an_installed_package_adds_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme that phaseflow does not know is looked for among the installed packages."""
    (tmp_path / "mystore_of_a_test.py").write_text(
        "from phaseflow.stores.memory import MemoryStore\n\n"
        "def open(url):\n    store = MemoryStore()\n    store.url = url\n    return store\n"
    )
    _install(tmp_path, "mystore", "mystore = mystore_of_a_test:open")
    monkeypatch.syspath_prepend(tmp_path)
    store = open_store("mystore://host/db")
    assert isinstance(store, MemoryStore)
    assert store.url == "mystore://host/db"  # type: ignore[attr-defined]
    with pytest.raises(StoreMisuse, match="did you mean 'mystore'"):
        open_store("mystor://host/db")


def test_two_packages_for_one_scheme_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of two stores opens a database must not depend on the order of installation."""
    _install(tmp_path, "one", "twice = a:open")
    _install(tmp_path, "two", "twice = b:open")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PhaseflowError, match="2 installed packages offer a store for 'twice'"):
        open_store("twice://x")
