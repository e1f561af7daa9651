"""Who takes part: the district's own people, and five units with their staff. All names are made up."""

from __future__ import annotations

from typing import Any

Person = dict[str, Any]

DISTRICT: list[Person] = [
    {"id": "zhao", "roles": ["secretary"], "name": "Zhao Min", "email": "zhao@district.example"},
    {"id": "qin", "roles": ["committee"], "name": "Qin Yu"},
    {"id": "qian", "roles": ["office"], "name": "Qian Bo", "email": "qian@district.example"},
    {"id": "sun", "roles": ["inspectors"], "name": "Sun Lan"},
    {"id": "feng", "roles": ["leader_in_charge"], "name": "Feng Kai"},
    {"id": "han", "roles": ["district_leader"], "name": "Han Xue"},
    {"id": "shen", "roles": ["lead_group"], "name": "Shen Tao"},
    {"id": "dai", "roles": ["discipline_committee"], "name": "Dai Rui"},
    {"id": "ou", "roles": ["organisation_department"], "name": "Ou Ning"},
    {"id": "pu", "roles": ["publicity_department", "media"], "name": "Pu Wen"},
    {"id": "cui", "roles": ["culture_bureau"], "name": "Cui Hua"},
]

UNITS = ("finance", "health", "schools", "water", "north_office")
VILLAGES = [f"village_{number:02d}" for number in range(1, 19)]
AREAS = ["east", "west", "south", "north", "middle"]
MEMBERS = 5
MASSES = 20


def staff(unit: str) -> list[Person]:
    """The roster of a unit: a head, another leader, members, and people from outside who are heard."""
    people: list[Person] = [
        {"id": f"{unit}.head", "roles": ["unit_lead"], "name": f"Head of {unit}", "email": f"head@{unit}.example"},
        {"id": f"{unit}.deputy", "roles": ["unit_in_charge"]},
    ]
    people += [{"id": f"{unit}.m{number}", "roles": ["member"]} for number in range(1, MEMBERS + 1)]
    people += [{"id": f"{unit}.p{number:02d}", "roles": ["masses"]} for number in range(1, MASSES + 1)]
    people += [{"id": f"{unit}.s{number}", "roles": ["service_recipients"]} for number in (1, 2)]
    return people
