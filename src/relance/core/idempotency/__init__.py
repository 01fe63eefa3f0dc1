"""`Idempotency-Key`: the first answer again instead of a second effect. See docs/adr/0009.

The key is claimed in the transaction of the effect (`service.Claim`), the rendered answer is kept in that same
transaction, and a repeat is answered from it. What rolls back the effect frees the key.
"""
