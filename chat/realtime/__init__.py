"""Everything Socket.IO: the server and what the libraries need to be safe and fast, who is connected, what is emitted."""
