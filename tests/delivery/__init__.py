"""The proof of delivery: nothing is lost, repeated or out of order, whatever fails. See ``docs/delivery.md``."""
