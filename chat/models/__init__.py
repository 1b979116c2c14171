"""What a thing is: plain data, the rules about it, and the views of it that clients may see. No I/O."""
