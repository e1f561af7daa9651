"""The hospital's campaign of 2011 from its mobilisation to its end, in the words of a scenario, on SQLite.

    python examples/township_hospital_2011/run.py [--db sqlite:///hospital.db]

It shows two phases that are open at once, a gate that is held with its reasons, a poor result that is made up at once,
and a review of the hospital that changes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what the examples share, when this runs as a script

from phaseflow.testing import Campaign
from telling import close, tell, where

HERE = Path(__file__).parent

PEOPLE = {
    "hua": "organiser",
    "luo": "lead_group",
    "lin": "leader",
    "mei": ["leader", "medics"],
    **{f"medic_{number}": "medics" for number in range(1, 9)},
    **{f"guest_{number}": "society" for number in range(1, 13)},
}
ITEM = "--owner lin --field timetable=April --field responsible=lin --field time_node=04-25"
SHOWN = "--evidence action=plan.pdf --evidence effect=photo.pdf"

STORY = [
    "Study and mobilisation",
    ("02-22 hua", "hold kickoff"),
    ("02-25 everyone", "do all of mobilise"),
    ("02-28 everyone", "do essays, explaining, research_report, seminar, drill"),
    ("03-10 hua", "request mobilise.close"),
    "Finding the problems",
    ("03-15 everyone", "do five_looks, soundings, visits"),
    ("03-25 hua", "request search.close"),
    ("04-01 hua", "hold life_meeting"),
    ("04-02 hua", "hold forum"),
    ("04-03 hua", "complete sorting"),
    ("04-03 hua", f"open-item problems {ITEM}"),
    ("04-03 hua", f"open-item problems {ITEM}"),
    ("04-08 hua", "poll open_review 4 satisfied 8 dissatisfied"),
    ("04-10 hua", "request search.close"),
    "Putting right",
    ("04-12 hua", "draft rectification_plan"),
    ("04-13 medic_1", "opine rectification_plan --ref letters/1 --group staff"),
    ("04-14 hua", "end-consultation rectification_plan"),
    ("04-14 hua", "draft rectification_plan"),
    ("04-20 hua", f"record activities 3 activities {SHOWN}"),
    ("04-25 lin", "settle-item problems/1 --evidence report=report-1.pdf"),
    ("04-26 luo", "verify-item problems/1 poor"),
    ("05-06 lin", "settle-item problems/2 --evidence report=report-2.pdf"),
    ("05-06 luo", "verify-item problems/2 good"),
    "Two phases are open: the last one has begun",
    ("05-09 hua", "request rectify.close"),
    ("05-10 lin", "settle-item problems/3 --evidence report=report-3.pdf"),
    ("05-10 luo", "verify-item problems/3 good"),
    ("05-11 hua", "request rectify.close"),
    "Evaluation and summary",
    ("05-12 hua", f"record activities 2 activities {SHOWN}"),
    ("05-14 everyone", "do all of conclude"),
    ("05-16 everyone", "do three_studies, contest, suggestions, study_trip, coordination"),
    ("05-18 hua", "request completed"),
]


def main(url: str) -> Campaign:
    """Run the story; the campaign is left open."""
    campaign = Campaign(HERE / "operating.yaml", start="2011-02-18", people=PEOPLE, url=url)
    tell(campaign, STORY)
    return campaign


if __name__ == "__main__":
    url = where(HERE, __doc__)
    close(main(url), url)
