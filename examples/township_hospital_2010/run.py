"""The hospital's campaign of 2010 from its mobilisation to its end, in the words of a scenario, on SQLite.

    python examples/township_hospital_2010/run.py [--db sqlite:///hospital.db]

It shows phases in whole months: in May all three are open, two of them with the same days, and only what duties need
makes an order.
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
    "xia": "inspectors",
    "wei": "bureau",
    "lin": "leader",
    "mei": ["leader", "medics"],
    **{f"medic_{number}": "medics" for number in range(1, 7)},
    **{f"guest_{number}": "society" for number in range(1, 13)},
}
SHOWN = "--evidence action=plan.pdf --evidence effect=photo.pdf"

STORY = [
    "Study and mobilisation",
    ("04-16 hua", "draft plan"),
    ("04-20 hua", "hold kickoff"),
    ("04-28 everyone", "do all of mobilise"),
    "May: three phases are open",
    ("05-05 hua", "draft notice"),
    ("05-10 everyone", "do five_looks, essays, seminar, drill, contest, suggestions, soundings, visits, study_trip"),
    ("05-12 hua", "hold life_meeting"),
    ("05-13 hua", "hold forum"),
    ("05-14 hua", "complete sorting"),
    ("05-17 hua", "draft notice"),
    ("05-17 hua", "hand notice publish"),
    ("05-20 xia", "complete inspection"),
    ("05-25 hua", "poll open_review 9 satisfied 3 dissatisfied"),
    ("05-31 hua", "request mobilise.close"),
    "June: two phases with the same days",
    ("06-05 hua", "request search.close"),
    ("06-08 everyone", "do unit_material, leader_material"),
    ("06-10 hua", "request search.close"),
    ("06-15 hua", f"record activities 5 activities {SHOWN}"),
    ("06-18 hua", "record show 1 programme"),
    ("06-25 everyone", "do all of conclude"),
    ("06-30 hua", "request completed"),
    ("06-30 wei", "complete appraisal"),
]


def main(url: str) -> Campaign:
    """Run the story; the campaign is left open."""
    campaign = Campaign(HERE / "operating.yaml", start="2010-04-01", people=PEOPLE, url=url)
    tell(campaign, STORY)
    return campaign


if __name__ == "__main__":
    url = where(HERE, __doc__)
    close(main(url), url)
