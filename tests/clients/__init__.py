"""The clients of all tests, attacks, fuzzing, proofs and benchmarks.

`http` sends requests and signs people up, to a server at an address or to an app of this process (`wsgi`). `sockets` has a
real Socket.IO client, and `wire` writes frames and requests byte by byte. None of them imports the chat.
"""
