"""A ``*.scenario.yaml`` to cases that can be played: shape and names within the file; all faults at once.

Codes: PF600 no file, or no policy beside it; PF601 nothing to play; PF608 a story that cannot be found or goes in a
ring; PF609 a line that neither acts nor expects, or does both wrongly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from phaseflow.errors import NOWHERE, PolicyError, Problem, Span, did_you_mean, sort_problems
from phaseflow.spec import tree as t
from phaseflow.spec.structure import structure
from phaseflow.testing.scenarios.cases import expand
from phaseflow.testing.scenarios.spec import Line, ScenarioSpec, ScenariosSpec

SUFFIXES = (".scenario.yaml", ".scenario.yml")
NOTHING = "nothing"
"""What ``after`` says where not even ``before`` comes first."""


@attrs.frozen(kw_only=True)
class Case:
    """One story to play: a scenario, or one case of it.

    *ahead* are the lines that come first (from ``before`` and ``after``); what they expect is checked where they stand.
    """

    file: str
    title: str
    label: str
    span: Span
    cast: ScenariosSpec
    spec: ScenarioSpec
    ahead: tuple[Line, ...]

    @property
    def name(self) -> str:
        """The title, with the case in brackets."""
        return f"{self.title} [{self.label}]" if self.label else self.title

    @property
    def counts(self) -> bool:
        """Whether it is to be played at all."""
        return not self.spec.todo


@attrs.frozen(kw_only=True)
class ScenarioFile:
    """What came of reading a file. *cases* are empty where *problems* has an error."""

    file: str
    policy: Path | None
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    lines: tuple[str, ...] = attrs.field(default=(), repr=False)

    def line_of(self, file: str, number: int) -> str | None:
        """A line of the file, as `errors.show` wants it."""
        return self.lines[number - 1] if file == self.file and 0 < number <= len(self.lines) else None


def is_scenario(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds scenarios, by its name."""
    return os.fspath(path).endswith(SUFFIXES)


def find(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The scenario files among paths, and in the folders among them; in order, each once."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (one for suffix in SUFFIXES for one in path.rglob(f"*{suffix}"))
            found.update(dict.fromkeys(sorted(one for one in inside if ".venv" not in one.parts)))
        else:
            found[path] = None
    return iter(found)


def by_policy(paths: tuple[Path, ...]) -> dict[Path, list[Path]]:
    """The scenario files among paths, by the policy that they are played on; those that cannot be read are left out."""
    found: dict[Path, list[Path]] = {}
    for path in find(paths):
        policy = read_scenarios(path).policy
        if policy is not None:
            found.setdefault(policy, []).append(path)
    return found


def read_scenarios(path: str | os.PathLike[str]) -> ScenarioFile:
    """Read a file of scenarios. Faults are in what is returned, never raised."""
    where, shown = Path(path), os.fspath(path)
    try:
        source = where.read_bytes()
    except OSError as error:
        what = f"the scenarios '{shown}' cannot be read: {error.strerror or error}"
        fault = _problem("PF600", what, Span(file=shown), "scenarios are a YAML file", "check the path")
        return _failed(shown, [fault])
    return read_text(source, shown, where)


def read_text(source: bytes | str, file: str, path: Path) -> ScenarioFile:
    """Read the text of a file of scenarios that stands (or would stand) at *path*."""
    problems: list[Problem] = []
    text = ""
    cases: tuple[Case, ...] = ()
    policy: Path | None = None
    try:
        text = t.decode(source, file)
        spec, filled = _structure(t.parse(text, file), problems)
        if spec is not None:
            spec, others = _with_cast(spec, path, problems)
            cases = tuple(_cases(spec, filled, [*filled, *others], file, problems))
            policy = _policy(spec, path, file, problems)
    except PolicyError as error:
        problems += error.problems
    if any(problem.severity == "error" for problem in problems):
        cases = ()
    return ScenarioFile(
        file=file, policy=policy, cases=cases, problems=sort_problems(problems), lines=tuple(t.lines_of(text))
    )


def _failed(file: str, problems: list[Problem]) -> ScenarioFile:
    return ScenarioFile(file=file, policy=None, cases=(), problems=sort_problems(problems))


def _problem(code: str, what: str, span: Span, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=span, why=why, fix=fix)


Filled = list[tuple[str, str, ScenarioSpec, Span]]
"""(title, case, scenario, place) of everything in a file."""


def _structure(tree: t.Node, problems: list[Problem]) -> tuple[ScenariosSpec | None, Filled]:
    """The file without its scenarios, and each scenario with each case filled in."""
    filled: Filled = []
    whole = tree
    entry = tree.get("scenarios") if isinstance(tree, t.Mapping) else None
    if isinstance(tree, t.Mapping) and entry is not None and isinstance(entry.value, t.Mapping):
        for one in entry.value.entries:
            for case in expand(one.value, problems):
                spec = structure(case.body, ScenarioSpec, problems, noun=f"scenario '{one.key.text[:60]}'")
                if spec is not None:
                    filled.append((one.key.text, case.label, spec, case.span if case.label else one.key.span))
        rest = tuple(
            t.Entry(one.key, t.Mapping((), one.value.span)) if one is entry else one for one in tree.entries
        )
        whole = t.Mapping(rest, tree.span)
        if not entry.value.entries:
            problems.append(_empty(entry.key.span))
    return structure(whole, ScenariosSpec, problems, noun="scenario file"), filled


def _empty(span: Span) -> Problem:
    return _problem("PF601", "there is no scenario here", span, "a test that tests nothing would always pass",
                    "write one: a title, then its story")  # fmt: skip


def _policy(spec: ScenariosSpec, path: Path, file: str, problems: list[Problem]) -> Path | None:
    """The policy that is meant: the one named, or of the same name, or ``policy.yaml``, beside the file."""
    folder = path.parent
    if spec.policy is not None:
        found = folder / spec.policy
        if not found.is_file():
            beside = [one.name for one in folder.glob("*.yaml") if not is_scenario(one)]
            problems.append(_problem("PF600", f"there is no policy '{spec.policy}' beside the scenarios",
                                     spec.span_of("policy"), "scenarios are played on a policy",
                                     did_you_mean(spec.policy, beside)))  # fmt: skip
        return found
    name = _beside(folder, path.name)
    if name is not None:
        return folder / name
    problems.append(_problem("PF600", "no policy stands beside the scenarios", Span(file, 1, 1),
                             "without `policy:`, that of the same name is meant, or operating.yaml, or policy.yaml",
                             "write `policy:` with the file's name"))  # fmt: skip
    return None


def _beside(folder: Path, scenarios: str) -> str | None:
    """The policy that a file of scenarios means without naming it."""
    stem = scenarios
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    candidates = (f"{stem}.yaml", f"{stem}.yml", "operating.yaml", "policy.yaml")
    return next((name for name in candidates if (folder / name).is_file()), None)


# --- stories ----------------------------------------------------------------------------------------------------------


def _with_cast(spec: ScenariosSpec, path: Path, problems: list[Problem]) -> tuple[ScenariosSpec, Filled]:
    """The file with what it takes over from another one, and that one's scenarios to come after."""
    if spec.cast is None:
        if spec.start is None:
            problems.append(_problem("PF609", "the file does not say when the campaign starts", spec.span,
                                     "a story needs its first day", "add `start: 2009-03-01`"))  # fmt: skip
        return spec, []
    place = spec.span_of("cast")
    try:
        text = t.decode((path.parent / spec.cast).read_bytes(), spec.cast)
    except OSError as error:
        beside = [one.name for one in path.parent.glob("*.yaml") if is_scenario(one) and one != path]
        problems.append(_problem("PF600", f"the cast '{spec.cast}' cannot be read: {error.strerror or error}", place,
                                 "a cast stands in a scenario file beside this one",
                                 did_you_mean(spec.cast, beside)))  # fmt: skip
        return spec, []
    found, filled = _structure(t.parse(text, spec.cast), problems)
    if found is None or found.cast is not None:
        if found is not None:
            problems.append(_problem("PF608", f"'{spec.cast}' takes its cast from another file itself", place,
                                     "one file holds the cast", "name the file that holds it"))  # fmt: skip
        return spec, []
    merged: ScenariosSpec = attrs.evolve(  # type: ignore[misc]
        spec,
        policy=spec.policy or found.policy or _beside(path.parent, spec.cast),
        start=spec.start or found.start,
        unit=found.unit if "unit" not in spec.spans else spec.unit,
        before=spec.before or found.before,
        people={**found.people, **spec.people},
        crowd={**found.crowd, **spec.crowd},
        bodies={**found.bodies, **spec.bodies},
        units={**found.units, **spec.units},
    )
    return merged, filled


def _cases(
    spec: ScenariosSpec, filled: Filled, known: Filled, file: str, problems: list[Problem]
) -> Iterator[Case]:
    _check_lines(spec.before, problems)
    for title, label, scenario, span in filled:
        _check_lines(scenario.story, problems)
        if not scenario.story and not scenario.todo:
            problems.append(_empty(span))
        yield Case(
            file=file,
            title=title,
            label=label,
            span=span,
            cast=spec,
            spec=scenario,
            ahead=_ahead(spec, scenario, known, (title,), problems),
        )


def _ahead(
    spec: ScenariosSpec, scenario: ScenarioSpec, filled: Filled, chain: tuple[str, ...], problems: list[Problem]
) -> tuple[Line, ...]:
    if not scenario.after:
        return spec.before
    if scenario.after == NOTHING:
        return ()
    place = scenario.span_of("after")
    found = [one for one in filled if one[0] == scenario.after]
    if scenario.after in chain:
        problems.append(_problem("PF608", f"'{scenario.after}' comes after itself", place, "a story has a beginning",
                                 "let one of them begin by itself"))  # fmt: skip
        return ()
    if len(found) != 1:
        what = "has cases" if found else "is not in this file"
        fix = "name one without cases" if found else did_you_mean(scenario.after, [one[0] for one in filled])
        problems.append(_problem("PF608", f"the scenario '{scenario.after}' {what}", place,
                                 "a story goes on after one other story", fix))  # fmt: skip
        return ()
    before = found[0][2]
    return (*_ahead(spec, before, filled, (*chain, scenario.after), problems), *before.story)


def _check_lines(lines: tuple[Line, ...], problems: list[Problem]) -> None:
    for line in lines:
        problems += _faults(line)


def _faults(line: Line) -> Iterator[Problem]:
    cue, acts = line.cue, bool(line.deeds)
    if len(line.deeds) + (line.on is not None) > 1:
        yield _problem("PF609", "this line says twice when it happens", line.span, "a line is one moment",
                       "begin a new line with '-'")  # fmt: skip
    elif cue is None:
        yield _problem("PF609", "this line does not say when", line.span, "a line has its day",
                       "write `on: 03-14`, or `03-14 wang: …`")  # fmt: skip
    elif acts and not cue.who:
        yield _problem("PF609", f"'{cue.text}' does not say who acts", cue.span, "every act is somebody's",
                       f"write `{cue.text} wang: …`, or `on: {cue.text}` to look only")  # fmt: skip
    elif not acts and cue.who:
        yield _problem("PF609", f"'{cue.text}' names a person, and nobody acts", cue.span, "`on` only looks",
                       f"write `{cue.text}: …` with what is done")  # fmt: skip
    verdicts = [key for key in ("passed", "held", "refused") if getattr(line, key) is not None]
    if len(verdicts) > 1 or (verdicts and not acts):
        why = "an act has one answer" if acts else "only an act is answered"
        yield _problem("PF609", f"'{verdicts[-1]}' does not fit this line", line.key_span_of(verdicts[-1]), why,
                       "leave it out")  # fmt: skip
    if cue is not None and not acts and not set(line.spans) - {"on", "in"}:
        yield _problem("PF609", "this line neither acts nor expects", cue.span or NOWHERE,
                       "a line that checks nothing could never fail", "say what is expected")  # fmt: skip
