"""What a sandbox has and production refuses: a clock that can be moved, and a mailbox that catches every mail."""
