"""Faults of messaging. They end in a message's row, never in an HTTP answer: no caller waits for a mail."""


class MessagingFault(Exception):
    """Base of what makes one message undeliverable; `reason` is the stable code its row keeps."""

    reason: str = "fault"


class TemplateFault(MessagingFault):
    """A template is missing, does not compile, or names a placeholder that its mail does not have."""

    reason = "template_fault"


class HeaderRefused(MessagingFault):
    """A header would hold what no header may: control characters, an encoded word of the user's, an extra field."""

    reason = "header_refused"


class AddressRefused(MessagingFault):
    """The address cannot be written in SMTP: its local part needs an extension that relays rarely have."""

    reason = "address_unwritable"
