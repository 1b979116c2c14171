"""What a user, a message and a conversation is: immutable data, and a pure function for each change. No I/O."""
