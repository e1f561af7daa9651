"""The contract for extensions: one hook a kind of notice, what a plugin is given, and what it may answer.

pluggy holds the specifications and refuses a bad plugin when it is registered. It never calls one: the relay calls
each plugin alone, so that none can stop another (law 11). Claiming, retries and recipients are in `phaseflow.relay`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pluggy

from phaseflow.errors import PhaseflowError, Problem, did_you_mean, show

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice

PROJECT = "phaseflow"

_F = TypeVar("_F", bound=Callable[..., Any])
_spec: Callable[[_F], _F] = pluggy.HookspecMarker(PROJECT)
_marker = pluggy.HookimplMarker(PROJECT)


def hookimpl(function: _F) -> _F:
    """Mark a method, or a function of a module, as the implementation of the hook of its name.

    >>> class Bell:
    ...     @hookimpl
    ...     def overdue(self, notice):
    ...         '''Rings.'''
    >>> Plugins([Bell()]).names
    ('Bell',)
    """
    return _marker(function)


# --- what a plugin is given -----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Telling:
    """One telling, as a hook sees it under the name ``delivery``.

    *id* is the same on each attempt, so that a receiver can drop doubles: ``notice/hook``, or ``notice/hook/person``
    for a hook that names ``recipient``. *attempt* counts from 1; *now* is the instant of the relay, UTC. A digest has
    an id made of those of its *parts*.
    """

    id: str
    hook: str
    attempt: int
    now: datetime
    parts: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Recipient:
    """Whom to tell: an opaque id, and the personal values that are kept of this person now, read at the delivery.

    *values* has a key for each field that is known: ``name``, ``email``, ``phone``, ``zone``. They are not to be
    stored.
    """

    id: str
    values: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)

    @property
    def name(self) -> str:
        """The name, or the id where none is known."""
        return self.values.get("name", "") or self.id

    @property
    def email(self) -> str:
        """The mail address; empty where none is known."""
        return self.values.get("email", "")

    @property
    def zone(self) -> str:
        """The zone this person lives by; empty where none is known."""
        return self.values.get("zone", "")


# --- what a plugin may answer ---------------------------------------------------------------------------------------


class Skip(Exception):
    """Raised by a hook that does not tell this, on purpose: nothing failed, and the reason is kept."""


class Undeliverable(Exception):
    """Raised by a hook that can never tell this recipient: no use in trying again, so it is dead-lettered at once."""


class Later(Exception):
    """Raised by a hook that could not tell this now and knows how long it will take at least, such as from a server.

    Args:
        why: What is kept as the error.
        after: The least wait; the usual back-off where that is longer.
    """

    def __init__(self, why: str = "", *, after: timedelta = timedelta(0)) -> None:
        super().__init__(why)
        self.after = after


class HookError(PhaseflowError):
    """Plugins cannot be registered; *problems* holds every fault."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(show(problem) for problem in self.problems))


# --- the hooks ------------------------------------------------------------------------------------------------------


class Hooks:
    """Every hook there is. An implementation names the arguments it wants, and gets no others.

    An implementation that names ``recipient`` is called once for each person addressed; one that does not, once for
    each notice. Returning means told; `Skip` means not told on purpose; `Undeliverable` means never; any other
    exception means try again later, and `Later` not before a given time.
    """

    @_spec
    def notice(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """Any kind of notice for which the plugin has no hook of its own."""

    @_spec
    def due_soon(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A duty, an item or a phase is due soon."""

    @_spec
    def overdue(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A duty fell due and is not done."""

    @_spec
    def escalated(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """Something is overdue, and the next role is told."""

    @_spec
    def gate_held(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A gate was asked and does not open; ``notice.data['reasons']`` says why."""

    @_spec
    def phase_opened(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A phase opened."""

    @_spec
    def phase_closed(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A phase was closed."""

    @_spec
    def phase_overdue(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """The window of a phase ended, and the phase is still open."""

    @_spec
    def document_waiting(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A document reached a step and waits for somebody's act."""

    @_spec
    def document_returned(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A document was sent back."""

    @_spec
    def document_approved(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A document was approved."""

    @_spec
    def poll_opened(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A poll is open for answers."""

    @_spec
    def poll_decided(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A poll was counted or is void."""

    @_spec
    def item_opened(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """An item was put on a ledger."""

    @_spec
    def item_due(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """An item fell due."""

    @_spec
    def item_closed(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """An item was closed."""

    @_spec
    def outcome(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A run concluded."""

    @_spec
    def question(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """Somebody has to answer what no rule decides."""

    @_spec
    def extension(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """An extension was asked for or granted."""

    @_spec
    def waiver(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A waiver was granted."""

    @_spec
    def redo_owed(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """A unit owes the campaign once more, in a later batch."""

    @_spec
    def obliged(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """The programme obliges a unit to something; *notice* says to what, and by which band of which result."""

    @_spec
    def plan_amended(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """The run goes by another plan from now on; *notice* says how many due days move."""

    @_spec
    def digest(self, notice: Notice, notices: Sequence[Notice], delivery: Telling, recipient: Recipient) -> None:
        """Several notices for one person at once; *notice* sums them up, for those who tell all kinds alike."""

    @_spec
    def idle(self) -> None:
        """The relay has nothing more to tell now: close what was kept open, such as a connection."""


_HOOKS = tuple(name for name, value in vars(Hooks).items() if callable(value) and not name.startswith("_"))
_ARGUMENTS = {name: tuple(inspect.signature(getattr(Hooks, name)).parameters)[1:] for name in _HOOKS}


@attrs.frozen
class Impl:
    """One plugin's implementation of one hook."""

    function: Callable[..., object] = attrs.field(repr=False)
    arguments: tuple[str, ...]

    @property
    def each(self) -> bool:
        """Whether it is called once for each person."""
        return "recipient" in self.arguments

    def __call__(self, **given: object) -> None:
        """Call it with the arguments it names."""
        self.function(*(given[name] for name in self.arguments))


class Plugins:
    """Plugins by name, checked.

    Args:
        plugins: Objects or modules with functions marked by `hookimpl`. A plugin's name is its ``name`` attribute, or
            its class's name; deliveries are kept under it, so it must stay the same from one start to the next.

    Raises:
        HookError: with every fault of every plugin.
    """

    def __init__(self, plugins: Iterable[object] = ()) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        named = [(name_of(plugin), plugin) for plugin in plugins]
        problems = [problem for name, plugin in named for problem in self._faults(name, plugin)]
        problems += _doubles([name for name, _ in named])
        if problems:
            raise HookError(problems)
        for name, plugin in named:
            self._manager.register(plugin, name)
        self.names: tuple[str, ...] = tuple(name for name, _ in named)
        self._impls = dict(self._implementations())

    def implementation(self, plugin: str, kind: str) -> Impl | None:
        """What *plugin* has for this kind of notice: its own hook, or else ``notice``; None if neither is there."""
        return self._impls.get((plugin, kind)) or self._impls.get((plugin, "notice"))

    def idle(self) -> Iterator[tuple[str, Impl]]:
        """The implementations of ``idle``, with the names of their plugins."""
        return ((name, impl) for (name, hook), impl in self._impls.items() if hook == "idle")

    def _implementations(self) -> Iterator[tuple[tuple[str, str], Impl]]:
        for hook in _HOOKS:
            for impl in getattr(self._manager.hook, hook).get_hookimpls():
                yield (impl.plugin_name, hook), Impl(impl.function, tuple(impl.argnames))

    def _faults(self, name: str, plugin: object) -> Iterator[Problem]:
        if not name or "/" in name:
            yield Problem(
                code="PF390",
                what=f"{name!r} cannot be the name of a plugin",
                why="the name is the last part of a delivery id, behind a slash",
                fix="set its attribute `name` to letters, digits, dots, dashes and underscores",
            )
        if isinstance(plugin, type):
            yield Problem(
                code="PF397",
                what=f"the plugin '{name}' is a class",
                why="the relay calls the methods of an object",
                fix=f"hand in an object: {name}(...)",
            )
            return
        marked = [hook for hook in dir(plugin) if self._manager.parse_hookimpl_opts(plugin, hook) is not None]
        for hook in marked:
            yield from _hook_faults(name, hook, inspect.getattr_static(plugin, hook), getattr(plugin, hook))
        unmarked = [hook for hook in _HOOKS if hook not in marked]
        forgotten = [hook for hook in unmarked if inspect.isroutine(inspect.getattr_static(plugin, hook, None))]
        for hook in forgotten:
            yield Problem(
                code="PF393",
                what=f"'{hook}' of plugin '{name}' has the name of a hook and is not marked as one",
                why="only marked functions are called, and this one looks as if it were meant to be",
                fix="put @hookimpl above it, or give it another name",
            )
        if not marked and not forgotten:
            yield Problem(
                code="PF394",
                what=f"the plugin '{name}' implements no hook",
                why="a plugin without hooks is never called",
                fix="mark at least one function with @hookimpl; `notice` is called for every kind",
            )


def name_of(plugin: object) -> str:
    """The name a plugin's deliveries are kept under."""
    if isinstance(plugin, ModuleType):
        return plugin.__name__
    return str(getattr(plugin, "name", "") or (plugin if isinstance(plugin, type) else type(plugin)).__name__)


def _hook_faults(plugin: str, hook: str, raw: object, function: Callable[..., object]) -> Iterator[Problem]:
    where = f"'{hook}' of plugin '{plugin}'"
    if hook not in _HOOKS:
        yield Problem(
            code="PF391",
            what=f"{where} is no hook of phaseflow",
            why="every kind of notice is a hook of the same name, and there are no others",
            fix=did_you_mean(hook.removeprefix(f"{PROJECT}_"), _HOOKS),
        )
        return
    options = getattr(raw, f"{PROJECT}_impl", None) or {}
    if options.get("wrapper") or options.get("hookwrapper") or options.get("specname"):
        yield Problem(
            code="PF395",
            what=f"{where} is marked with an option that has no meaning here",
            why="the relay calls each plugin alone, so there is nothing to wrap",
            fix="mark it with phaseflow.hooks.hookimpl",
        )
    wanted = _ARGUMENTS[hook]
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in wanted or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield Problem(
                code="PF392",
                what=f"{where} asks for an argument '{parameter.name}' that there is not",
                why="a hook gets the arguments it names, and only these exist",
                fix=did_you_mean(parameter.name, wanted) or "take no arguments",
            )
        elif parameter.default is not parameter.empty or parameter.kind is parameter.KEYWORD_ONLY:
            yield Problem(
                code="PF392",
                what=f"{where} would never be given its argument '{parameter.name}'",
                why="arguments are passed by place, and one with a default is left at its default",
                fix=f"write `{parameter.name}` without default or star",
            )


def _doubles(names: list[str]) -> list[Problem]:
    return [
        Problem(
            code="PF396",
            what=f"two plugins have the name '{name}'",
            why="deliveries are kept by name, so each plugin needs one of its own",
            fix="give one of them another `name`",
        )
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


__all__ = [
    "HookError",
    "Hooks",
    "Impl",
    "Later",
    "Plugins",
    "Recipient",
    "Skip",
    "Telling",
    "Undeliverable",
    "hookimpl",
    "name_of",
]
