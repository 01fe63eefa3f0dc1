"""Errors of the directory."""

from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from relance.core.errors import DuplicateResource, RelanceError
from relance.core.i18n import Text


class AlreadyInDirectory(DuplicateResource):
    """Another company or contact has this key; the answer names it."""

    detail = Text(
        "Une fiche avec cette valeur existe déjà : {existing_id}.",
        "An entry with this value already exists: {existing_id}.",
    )
    example = MappingProxyType({"existing_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "pointer": "/local_id/value"})

    def __init__(self, existing_id: UUID, pointer: str) -> None:
        super().__init__(existing_id=str(existing_id), pointer=pointer)


class CompanyHasContacts(RelanceError):
    """People work there, and nobody has said what becomes of them."""

    code = "company_has_contacts"
    status = 409
    title = Text("La société a des contacts", "The company has contacts")
    detail = Text(
        "Cette société a {contacts} contact(s) : supprimez-les avec elle (« cascade ») ou donnez-les à une autre "
        "société (« reassign_to »).",
        "This company has {contacts} contact(s): delete them with it (`cascade`) or give them to another company "
        "(`reassign_to`).",
    )
    example = MappingProxyType({"contacts": 3})

    def __init__(self, contacts: int) -> None:
        super().__init__(contacts=contacts)


class StillReferred(RelanceError):
    """Other rows would lose what they are about."""

    code = "still_referred"
    status = 409
    title = Text("Encore utilisé", "Still in use")
    detail = Text(
        "Cette fiche ne peut pas être supprimée : « {used_by} » y fait référence.",
        "This entry cannot be deleted: “{used_by}” refers to it.",
    )
    example = MappingProxyType({"used_by": "mandates"})

    def __init__(self, used_by: str) -> None:
        super().__init__(used_by=used_by)


class StatusInUse(RelanceError):
    """A contact has the status."""

    code = "status_in_use"
    status = 409
    title = Text("Statut encore utilisé", "Status still in use")
    detail = Text(
        "Des contacts ont le statut « {status_code} » ; donnez-leur-en un autre d’abord.",
        "Contacts have the status “{status_code}”; give them another one first.",
    )
    example = MappingProxyType({"status_code": "prospect"})

    def __init__(self, status_code: str) -> None:
        super().__init__(status_code=status_code)


class PersonErased(RelanceError):
    """Somebody with this address, or this key of the partner, was erased and does not come back unsaid."""

    code = "person_erased"
    status = 409
    title = Text("Personne effacée", "Person erased")
    detail = Text(
        "Une personne connue par cette valeur a été effacée le {erased_at}. Elle ne peut être ajoutée à nouveau "
        "qu’avec une justification (« readmission »), par qui en a le droit.",
        "Somebody known by this value was erased on {erased_at}. They can be added again only with a justification "
        "(`readmission`), by whoever may.",
    )
    example = MappingProxyType({"pointer": "/email", "erased_at": "2026-11-02T09:30:00Z"})

    def __init__(self, pointer: str, erased_at: datetime) -> None:
        super().__init__(pointer=pointer, erased_at=erased_at.isoformat().replace("+00:00", "Z"))


class ContactEmptied(RelanceError):
    """Nothing of the person is left in the entry, and nothing is written into it any more."""

    code = "contact_emptied"
    status = 409
    title = Text("Contact vidé", "Contact emptied")
    detail = Text(
        "Ce contact a été vidé le {emptied_at} ; il ne peut plus être modifié.",
        "This contact was emptied on {emptied_at}; it cannot be changed any more.",
    )
    example = MappingProxyType({"emptied_at": "2026-11-02T09:30:00Z"})

    def __init__(self, emptied_at: datetime) -> None:
        super().__init__(emptied_at=emptied_at.isoformat().replace("+00:00", "Z"))
